// One stream of live events for the whole page, kept alive; where streams are blocked, its listeners poll.

const QUIET = 45_000; // two keep-alives missed: the line is dead, whatever the browser believes
const OPENING = 10_000; // a proxy that buffers never lets the stream open
const SLOWEST = 30_000;
const KINDS = ["message", "read", "room", "withdrawn", "presence", "import", "call", "signal", "concern", "visit", "day", "times"];

class Live {
  constructor(url, lastEvent) {
    this.url = url;
    this.lastEvent = lastEvent;
    this.listeners = new Set();
    this.failures = 0;
    this.state = "connecting";
    this.connect();
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake());
    window.addEventListener("online", () => this.wake());
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.connect());
  }

  // `listener` has: event(kind, data), catchUp() and, if it wants, state(name).
  listen(listener) {
    this.listeners.add(listener);
    listener.state?.(this.state);
  }

  connect() {
    clearTimeout(this.retry);
    this.source?.close();
    const url = new URL(this.url, location.href);
    url.searchParams.set("lastEventId", this.lastEvent);
    const source = new EventSource(url);
    this.source = source;
    this.watch(OPENING);
    source.addEventListener("stream-open", (event) => {
      this.heard(event);
      this.failures = 0;
      this.become("open");
      this.catchUp();
    });
    for (const beat of ["keep-alive", "stream-reset"]) source.addEventListener(beat, (event) => this.heard(event));
    source.addEventListener("stream-reset", () => this.catchUp());
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        this.heard(event);
        const data = JSON.parse(event.data);
        this.listeners.forEach((listener) => listener.event?.(kind, data));
      });
    }
    source.addEventListener("error", () => this.broke(source));
  }

  heard(event) {
    if (event.lastEventId) this.lastEvent = event.lastEventId;
    this.watch(QUIET);
  }

  watch(patience) {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.broke(this.source), patience);
  }

  async broke(source) {
    if (source !== this.source) return;
    clearTimeout(this.watchdog);
    source.close(); // its own retry gives up for good after one odd answer
    this.source = null;
    this.failures += 1;
    if (this.failures > 1) this.become("polling");
    this.catchUp();
    const pause = Math.min(SLOWEST, 1000 * 2 ** Math.min(this.failures, 5)) * (0.75 + Math.random() / 2);
    this.retry = setTimeout(() => this.connect(), pause);
  }

  wake() {
    if (this.state === "signed-out") return;
    if (!this.source) this.connect();
    this.catchUp();
  }

  // Called by a listener that was told 401: nobody may listen any more.
  signedOut() {
    clearTimeout(this.retry);
    clearTimeout(this.watchdog);
    this.source?.close();
    this.source = null;
    this.become("signed-out");
  }

  catchUp() {
    if (this.state !== "signed-out") this.listeners.forEach((listener) => listener.catchUp?.());
  }

  become(state) {
    clearInterval(this.poll);
    if (state === "polling") this.poll = setInterval(() => this.catchUp(), 5000);
    if (this.state === state) return;
    this.state = state;
    this.listeners.forEach((listener) => listener.state?.(state));
  }
}

// Shared by every module of the page, also by copies of this one under another name.
export function live(url, lastEvent) {
  window.liveEvents ??= new Live(url, lastEvent);
  return window.liveEvents;
}
