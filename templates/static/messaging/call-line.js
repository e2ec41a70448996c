// What the page of a call asks and says: one answer at a time, said again while the network is away.

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const MOST_WAITING = 200;

export class Line {
  constructor(root) {
    this.root = root;
    this.pageId = root.dataset.pageId;
    this.token = root.querySelector("[name=csrfmiddlewaretoken]").value;
    this.waiting = [];
    this.number = 0;
    this.asked = 0;
  }

  // The answer, {error, status} of a refusal, or null when nobody answered.
  async post(name, said = {}, options = {}) {
    const asked = ++this.asked;
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.token };
    const body = JSON.stringify({ page_id: this.pageId, ...said });
    const signal = options.keepalive ? undefined : AbortSignal.timeout(8000);
    const answer = await fetch(this.root.dataset[`${name}Url`], { method: "POST", headers, body, signal, ...options }).catch(() => null);
    return this.read(answer, asked);
  }

  async state() {
    const asked = ++this.asked;
    const signal = AbortSignal.timeout(8000);
    const answer = await fetch(this.root.dataset.stateUrl, { headers: { Accept: "application/json" }, signal }).catch(() => null);
    return this.read(answer, asked);
  }

  async read(answer, asked) {
    if (!answer || answer.status >= 500) return null;
    const told = await answer.json().catch(() => null);
    if (answer.ok) return told && { ...told, asked };
    return { error: told?.error ?? "That did not work. Please reload the page.", status: answer.status };
  }

  // Signals go in order; what cannot be sent now is sent when the network is back.
  signal(toPage, content) {
    if (this.waiting.length < MOST_WAITING) this.waiting.push({ to_page: toPage, content });
    this.work();
  }

  async work() {
    if (this.isWorking) return;
    this.isWorking = true;
    while (this.waiting.length) {
      const answer = await this.post("signal", this.waiting[0]);
      if (answer && answer.status !== 429) this.waiting.shift();
      else await pause(1500);
    }
    this.isWorking = false;
  }

  // For another page of the other side: what was meant for the one before has no reader.
  forget() {
    this.waiting.length = 0;
  }

  async signals() {
    const answer = await this.post("signals", { after: this.number });
    const found = answer?.signals ?? [];
    const fresh = found.filter((one) => one.number > this.number);
    if (fresh.length) this.number = fresh.at(-1).number;
    return fresh;
  }
}
