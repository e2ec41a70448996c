// What was written and is not sent yet: in order, each once, kept while the page is reloaded.

import { upload } from "./attaching.js";

const pause = (milliseconds, waiter) =>
  new Promise((done) => {
    waiter.hurry = done;
    setTimeout(done, milliseconds);
  });
const newId = () =>
  crypto.randomUUID?.() ?? // only where the page came over HTTPS or from this machine
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
    (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));
const PREFIX = "outbox:";

export class Outbox {
  constructor(room) {
    this.room = room;
    this.queue = [];
    this.refusals = [];
    // It lives as long as the tab, and is its writer's: what somebody else left there goes.
    this.key = `${PREFIX}${room.root.dataset.me}:${room.root.dataset.room}`;
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${room.root.dataset.me}:`)) sessionStorage.removeItem(key);
    }
    window.addEventListener("online", () => this.hurry());
    window.addEventListener("beforeunload", (event) => this.queue.length && event.preventDefault());
  }

  restore() {
    let kept = [];
    try {
      kept = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    } catch {
      // nothing that we wrote
    }
    if (!kept.length) return;
    this.room.writing.forget(kept.map(({ text }) => text));
    for (const { text, client_id, answers, names } of kept) {
      // Its answer was lost, it was not: the page has it already.
      if (this.room.list.querySelector(`[data-client="${client_id}"]`)) continue;
      if (names?.length) this.room.attaching.chooseAgain(text, names);
      else this.show(text, client_id, answers);
    }
    this.keep();
    this.room.pages.toEnd();
    this.work();
  }

  add(text, answers, files) {
    this.show(text, newId(), answers, files);
    this.keep();
    this.work();
  }

  show(text, client_id, answers, files = []) {
    const { bubbles, list, root } = this.room;
    const item = bubbles.make();
    bubbles.fill(item, { kind: "mine", who: "You", text, clock: "", client_id, answers, attached: files.map(({ name }) => ({ name })) });
    list.append(item);
    root.querySelector("[data-empty]").hidden = true;
    this.queue.push({ item, text, client_id, answers, files });
    bubbles.mark(item, navigator.onLine ? "Sending…" : "Waiting for the connection…");
  }

  keep() {
    const entries = [...this.refusals, ...this.queue].map(({ text, client_id, answers, files }) => ({ text, client_id, answers, names: files.map(({ name }) => name) }));
    try {
      if (entries.length) sessionStorage.setItem(this.key, JSON.stringify(entries));
      else sessionStorage.removeItem(this.key);
    } catch {
      // A full or forbidden storage: the page itself still holds them.
    }
  }

  hurry() {
    this.waiter?.hurry?.();
  }

  // Until what is being sent just now was answered, or `longest` has passed; at once where nothing is.
  answered(longest) {
    return this.sending && Promise.race([this.sending, new Promise((done) => setTimeout(done, longest))]);
  }

  // One message after the other, so that they arrive in the order they were written.
  async work() {
    if (this.working) return;
    this.working = true;
    for (let failures = 0; this.queue.length; ) {
      const entry = this.queue[0];
      const { item } = entry;
      let settle;
      this.sending = new Promise((done) => (settle = done));
      const response = await this.send(entry);
      if (response?.ok) {
        this.queue.shift();
        failures = 0;
        this.room.bubbles.mark(item, "");
        this.room.writing.sent();
        const { sequence, message } = await response.json().catch(() => ({}));
        const taken = this.room.pages.takeSent(message);
        settle();
        if (!taken) await this.room.catchUp();
        else this.room.showRead(), this.room.markRead();
        if (!item.dataset.sequence && sequence <= this.room.pages.last) item.remove(); // sent before, and shown
        this.keep();
      } else if (response && response.status < 500 && response.status !== 429) {
        settle();
        this.refusals.push(this.queue.shift());
        this.refused(entry, response);
      } else {
        settle();
        failures += 1;
        this.room.bubbles.mark(item, "Waiting for the connection…");
        await pause(Math.min(30_000, 1000 * 2 ** Math.min(failures, 5)), (this.waiter = {}));
      }
    }
    this.working = this.sending = false;
  }

  send(entry) {
    const { item, text, client_id, answers, files } = entry;
    const url = this.room.root.dataset.messagesUrl;
    if (!files.length) return this.room.send(url, { text, client_id, answers: answers?.sequence });
    const progress = (part) => this.room.bubbles.mark(item, part < 1 ? `Sending… ${Math.round(part * 100)} %` : "Being checked…");
    return upload(url, this.room.form.elements.csrfmiddlewaretoken.value, entry, progress);
  }

  async refused(entry, response) {
    const { error } = await response.json().catch(() => ({}));
    if (response.status === 401) this.room.line.signedOut();
    const { item } = entry;
    item.classList.add("refused");
    this.room.bubbles.mark(item, `Not sent. ${error ?? "Please reload the page and send it again."}`);
    const [retry, remove] = [item.querySelector("[data-retry]"), item.querySelector("[data-remove]")];
    retry.hidden = remove.hidden = false;
    remove.onclick = () => {
      this.refusals = this.refusals.filter((one) => one !== entry);
      this.keep();
      item.remove();
    };
    retry.onclick = () => {
      item.classList.remove("refused");
      retry.hidden = remove.hidden = true;
      this.room.bubbles.mark(item, "Sending…");
      this.refusals = this.refusals.filter((one) => one !== entry);
      this.queue.push(entry);
      this.work();
    };
  }
}
