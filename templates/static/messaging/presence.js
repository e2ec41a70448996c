// Who is here just now, and who is writing. It is told over the streams alone: without them it stays away.

const BEAT = 15_000;
const HERE = 35_000; // two beats may be lost
const WRITING = 6_000;
const SAY_AGAIN = 3_000;

export class Presence {
  constructor(room) {
    this.room = room;
    this.place = room.root.querySelector("[data-presence]");
    this.people = JSON.parse(document.getElementById("room-people").textContent);
    this.here = new Map();
    this.writing = new Map();
    if (!room.isMember) return;
    room.form.elements.text.addEventListener("input", () => this.type());
    document.addEventListener("visibilitychange", () => (this.isSeen() ? this.tell("here", { asks: true }) : this.tell("gone")));
    window.addEventListener("pagehide", () => this.tell("gone"));
    setInterval(() => this.beat(), BEAT);
    setInterval(() => this.show(), 1000);
    if (this.isSeen()) this.tell("here", { asks: true });
  }

  isSeen() {
    return document.visibilityState === "visible";
  }

  beat() {
    if (this.isSeen() && this.room.line.state === "open") this.tell("here");
  }

  type() {
    const now = Date.now();
    if (!this.room.form.elements.text.value || now - (this.typedAt ?? 0) < SAY_AGAIN) return;
    this.typedAt = now;
    this.tell("writing");
  }

  tell(state, more = {}) {
    this.room.send(this.room.root.dataset.presenceUrl, { state, ...more }, { keepalive: true });
  }

  know(people) {
    this.people = people;
  }

  heard({ by, state, asks }) {
    const now = Date.now();
    this.writing.delete(by);
    if (state === "gone") this.here.delete(by);
    else this.here.set(by, now + HERE);
    if (state === "writing") this.writing.set(by, now + WRITING);
    if (asks && this.isSeen()) this.tell("here");
    this.show();
  }

  // What somebody sent, they are not writing any more.
  sent(who) {
    for (const by of this.writing.keys()) if (this.people[by] === who) this.writing.delete(by);
    this.show();
  }

  // No live region: a screen reader finds it, and is not interrupted by it.
  show() {
    const words = [this.say(this.writing, "writing…"), this.say(this.here, "here now")].find(Boolean) ?? "";
    if (this.place.textContent !== words) this.place.textContent = words;
  }

  say(until, what) {
    const now = Date.now();
    for (const [by, end] of until) if (end < now) until.delete(by);
    const names = [...until.keys()].map((by) => this.people[by]).filter(Boolean);
    return names.length ? `${names.join(" and ")} ${names.length > 1 ? "are" : "is"} ${what}` : "";
  }
}
