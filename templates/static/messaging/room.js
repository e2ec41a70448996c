// One open conversation: every message once, in order, whatever the network does.

import { live } from "./live.js";

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const newId = () =>
  crypto.randomUUID?.() ?? // only where the page came over HTTPS or from this machine
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
    (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

class Room {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-list]");
    this.scroll = root.querySelector("[data-scroll]");
    this.form = root.querySelector("[data-form]");
    this.last = Number(root.dataset.lastSequence);
    this.first = Number(this.list.querySelector("[data-sequence]")?.dataset.sequence ?? 0);
    this.readByOthers = Number(root.dataset.readByOthers);
    this.marked = 0;
    this.queue = [];
    this.prepareForm();
    root.querySelector("[data-earlier]").addEventListener("click", (event) => this.earlier(event));
    this.toEnd();
    this.showRead();
    this.line = live(root.dataset.eventsUrl, root.dataset.lastEvent);
    this.line.listen(this);
    this.scroll.addEventListener("scroll", () => this.markRead(), { passive: true });
    document.addEventListener("visibilitychange", () => this.markRead());
    window.addEventListener("beforeunload", (event) => this.queue.length && event.preventDefault());
    this.markRead();
  }

  // Live

  event(kind, data) {
    if (data.room === this.root.dataset.room) this.catchUp();
  }

  state(name) {
    const words = {
      polling: "The connection is slow. New messages may take a few seconds.",
      "signed-out": "You are signed out. Reload the page to sign in again.",
    };
    this.say(navigator.onLine ? (words[name] ?? "") : "You are offline. Messages are sent when the connection is back.");
  }

  say(sentence) {
    const place = this.root.querySelector("[data-connection]");
    place.textContent = sentence;
    place.hidden = sentence === "";
  }

  // Reading

  // One fetch at a time; asked for while one is running, another follows it.
  async catchUp() {
    this.wanted = true;
    if (this.fetching) return;
    this.fetching = true;
    while (this.wanted) {
      this.wanted = false;
      const found = await this.ask(`${this.root.dataset.messagesUrl}?after=${this.last}`);
      if (!found) break;
      const wasAtEnd = this.isAtEnd();
      found.messages.forEach((message) => this.append(message));
      this.update(found);
      if (wasAtEnd && found.messages.length) this.toEnd();
      this.wanted ||= found.more;
    }
    this.fetching = false;
    this.markRead();
  }

  async ask(url) {
    const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.status === 401) this.line.signedOut();
    if (response?.status === 404) this.say("You are no longer in this conversation.");
    if (!response?.ok) return null;
    if (this.line.state === "open") this.say("");
    return response.json().catch(() => null);
  }

  append(message) {
    if (message.sequence <= this.last) return;
    this.last = message.sequence;
    this.first ||= message.sequence;
    const waiting = message.client_id && this.list.querySelector(`[data-client="${message.client_id}"]`);
    const item = waiting || this.make();
    this.fill(item, message);
    const pending = [...this.list.querySelectorAll(".room-message:not([data-sequence])")].find((one) => one !== item);
    // What is not sent yet stays below what is.
    if (!waiting || pending) this.list.insertBefore(item, pending || null);
    if (message.day !== this.lastDay()) this.list.insertBefore(this.dayBreak(message.day), item);
    this.root.querySelector("[data-empty]").hidden = true;
  }

  lastDay() {
    return [...this.list.querySelectorAll("[data-day]")].at(-1)?.dataset.day;
  }

  make() {
    return this.root.querySelector("[data-message]").content.firstElementChild.cloneNode(true);
  }

  dayBreak(day) {
    const item = this.root.querySelector("[data-day-break]").content.firstElementChild.cloneNode(true);
    item.dataset.day = day;
    item.firstElementChild.textContent = day;
    return item;
  }

  fill(item, message) {
    item.className = `room-message ${message.kind}`;
    if (message.sequence) {
      item.id = `message-${message.sequence}`;
      item.dataset.sequence = message.sequence;
    }
    item.dataset.client = message.client_id;
    item.querySelector(".room-who").textContent = message.who;
    item.querySelector(".room-text").textContent = message.text;
    item.querySelector("time").textContent = message.clock;
    if (message.at) item.querySelector("time").dateTime = message.at;
    this.mark(item, "");
  }

  async earlier(event) {
    event.preventDefault();
    const found = await this.ask(`${this.root.dataset.messagesUrl}?before=${this.first}`);
    if (!found) return;
    const height = this.scroll.scrollHeight;
    const oldFirst = this.list.firstElementChild;
    let day;
    for (const message of found.messages) {
      const item = this.make();
      this.fill(item, message);
      if (message.day !== day) this.list.insertBefore(this.dayBreak((day = message.day)), oldFirst);
      this.list.insertBefore(item, oldFirst);
    }
    if (oldFirst?.dataset.day === day) oldFirst.remove();
    this.first = found.messages[0]?.sequence ?? 1;
    this.root.querySelector("[data-earlier-row]").hidden = this.first <= 1;
    this.scroll.scrollTop += this.scroll.scrollHeight - height;
    if (this.first <= 1) this.scroll.focus();
  }

  update(state) {
    this.readByOthers = state.read_by_others;
    this.root.toggleAttribute("data-member", state.is_member); // who answers a question for the first time is in it then
    this.form.hidden = !state.can_write;
    const closed = this.root.querySelector("[data-closed]");
    if (state.is_closed && closed.hidden) closed.textContent = "This conversation is over. You can still read it.";
    closed.hidden = state.can_write;
    this.root.querySelector("[data-expect]").textContent = state.expect;
    this.showRead();
  }

  // Receipts

  showRead() {
    const mine = [...this.list.querySelectorAll(".mine[data-sequence]")];
    for (const item of mine) this.mark(item, "");
    const read = mine.filter((item) => Number(item.dataset.sequence) <= this.readByOthers).at(-1);
    if (read) this.mark(read, "· Read");
  }

  async markRead() {
    const unseen = !("member" in this.root.dataset) || document.visibilityState !== "visible" || !this.isAtEnd();
    if (unseen || this.last <= this.marked || this.marking) return;
    this.marking = true;
    const reached = this.last;
    const response = await this.send(this.root.dataset.readUrl, { sequence: reached });
    if (response?.ok) this.marked = reached;
    this.marking = false;
    if (response?.ok && this.last > reached) this.markRead();
  }

  isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 80;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  // Writing

  prepareForm() {
    const text = this.form.elements.text;
    this.root.querySelector("[data-keys]").hidden = matchMedia("(pointer: coarse)").matches;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    text.addEventListener("keydown", (event) => {
      const composing = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || composing || matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      this.submit();
    });
    text.addEventListener("input", () => this.grow(text));
    this.grow(text);
  }

  grow(text) {
    text.rows = Math.min(6, Math.max(1, text.value.split("\n").length));
  }

  submit() {
    const field = this.form.elements.text;
    const text = field.value.trim();
    if (!text) return field.focus();
    const item = this.make();
    const message = { kind: "mine", who: "You", text, clock: "", client_id: newId() };
    this.fill(item, message);
    this.list.append(item);
    this.root.querySelector("[data-empty]").hidden = true;
    field.value = "";
    this.grow(field);
    field.focus();
    this.toEnd();
    this.queue.push({ item, text, client_id: message.client_id });
    this.mark(item, "Sending…");
    this.work();
  }

  // One message after the other, so that they arrive in the order they were written.
  async work() {
    if (this.working) return;
    this.working = true;
    for (let failures = 0; this.queue.length; ) {
      const { item, text, client_id } = this.queue[0];
      const response = await this.send(this.root.dataset.messagesUrl, { text, client_id });
      if (response?.ok) {
        this.queue.shift();
        failures = 0;
        this.mark(item, "");
        await this.catchUp();
      } else if (response && response.status < 500 && response.status !== 429) {
        this.refused(this.queue.shift(), response);
      } else {
        failures += 1;
        this.mark(item, "Waiting for the connection…");
        await pause(Math.min(30_000, 1000 * 2 ** Math.min(failures, 5)));
      }
    }
    this.working = false;
  }

  async refused(entry, response) {
    const { error } = await response.json().catch(() => ({}));
    if (response.status === 401) this.line.signedOut();
    const { item } = entry;
    item.classList.add("refused");
    this.mark(item, `Not sent. ${error ?? "Please reload the page and send it again."}`);
    const [retry, remove] = [item.querySelector("[data-retry]"), item.querySelector("[data-remove]")];
    retry.hidden = remove.hidden = false;
    remove.onclick = () => item.remove();
    retry.onclick = () => {
      item.classList.remove("refused");
      retry.hidden = remove.hidden = true;
      this.mark(item, "Sending…");
      this.queue.push(entry);
      this.work();
    };
  }

  send(url, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value };
    return fetch(url, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
  }

  mark(item, words) {
    const state = item.querySelector("[data-state]");
    if (state && state.textContent !== words) state.textContent = words;
  }
}

for (const root of document.querySelectorAll("[data-room][data-latest]")) new Room(root);
