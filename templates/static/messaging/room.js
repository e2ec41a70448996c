// One open conversation: every message once, in order, whatever the network does.

import { live } from "./live.js";
import { Attaching } from "./attaching.js";
import { Bubbles } from "./bubbles.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { Presence } from "./presence.js";
import { Withdrawing } from "./withdrawing.js";
import { Writing } from "./writing.js";

const LONGEST_WAIT = 10_000; // for the answer to a message of one's own, which brings it
const ASKED_AGAIN = 3000;

class Room {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-list]");
    this.scroll = root.querySelector("[data-scroll]");
    this.form = root.querySelector("[data-form]");
    this.readByOthers = Number(root.dataset.readByOthers);
    this.marked = 0;
    this.bubbles = new Bubbles(this);
    this.pages = new Pages(this);
    this.outbox = new Outbox(this);
    this.writing = new Writing(this);
    this.attaching = new Attaching(this);
    this.withdrawing = new Withdrawing(this);
    this.pages.start();
    this.showRead();
    this.line = live(root.dataset.eventsUrl, root.dataset.lastEvent);
    this.line.listen(this);
    this.outbox.restore();
    this.presence = new Presence(this);
    this.scroll.addEventListener("scroll", () => this.markRead(), { passive: true });
    document.addEventListener("visibilitychange", () => this.markRead());
    window.addEventListener("offline", () => this.state(this.line.state));
    this.markRead();
  }

  get isMember() {
    return "member" in this.root.dataset;
  }

  // Live

  event(kind, data) {
    if (data.room !== this.root.dataset.room) {
      if (kind === "message") document.dispatchEvent(new CustomEvent("unread"));
      return;
    }
    if (kind === "presence") return this.presence?.heard(data);
    if (kind === "read" && data.by === this.root.dataset.me) return; // that we read says nothing new here
    return kind === "message" ? this.told(data) : this.catchUp();
  }

  // The answer to what we are sending brings our own message; what others write is fetched at once.
  async told({ sequence, by }) {
    if (by === this.root.dataset.me) await this.outbox.answered(LONGEST_WAIT);
    if (sequence > this.pages.newest) this.catchUp();
  }

  state(name) {
    const words = {
      polling: "The connection is slow. New messages may take a few seconds.",
      "signed-out": "You are signed out. Reload the page to sign in again.",
    };
    this.say(navigator.onLine ? (words[name] ?? "") : "You are offline. Messages are sent when the connection is back.");
    if (name === "open") this.outbox.hurry();
  }

  say(sentence) {
    const place = this.root.querySelector("[data-connection]");
    place.textContent = sentence;
    place.hidden = sentence === "";
  }

  // One fetch at a time; asked for while one is running, another follows it.
  async catchUp() {
    this.wanted = true;
    if (this.fetching) return;
    this.fetching = true;
    while (this.wanted) {
      this.wanted = false;
      const hasMore = await this.pages.catchUp();
      if (hasMore) this.wanted = true; // never back to false: what was told of meanwhile is still to be fetched
    }
    this.fetching = false;
    this.markRead();
  }

  // Asking and sending

  async ask(query) {
    const url = `${this.root.dataset.messagesUrl}${query}`;
    const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response?.status === 401) this.line.signedOut();
    if (response?.status === 404) this.say("You are no longer in this conversation.");
    this.askAgainAfter(response);
    if (!response?.ok) return null;
    if (this.line.state === "open") this.say("");
    return response.json().catch(() => null);
  }

  // What failed leaves us without what we were told of, and nobody tells it twice.
  askAgainAfter(response) {
    if (response && response.status !== 429 && response.status < 500) return;
    clearTimeout(this.again);
    this.again = setTimeout(() => this.catchUp(), ASKED_AGAIN);
  }

  send(url, body, options = {}) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.form.elements.csrfmiddlewaretoken.value };
    return fetch(url, { method: "POST", headers, body: JSON.stringify(body), ...options }).catch(() => null);
  }

  update(state) {
    this.readByOthers = state.read_by_others;
    this.root.toggleAttribute("data-member", state.is_member); // who answers a question for the first time is in it then
    const typed = this.form.elements.text.value.trim() !== "";
    this.form.hidden = !state.can_write && !typed; // what one has typed can still be copied
    this.form.elements.text.readOnly = this.form.querySelector("[type=submit]").disabled = !state.can_write;
    this.root.toggleAttribute("data-can-write", state.can_write);
    const closed = this.root.querySelector("[data-closed]");
    if (state.is_closed && closed.hidden) closed.textContent = "This conversation is over. You can still read it.";
    closed.hidden = state.can_write;
    this.presence?.know(state.people);
    this.root.querySelector("[data-expect]").textContent = state.expect;
    this.showRead();
  }

  // Receipts

  showRead() {
    const mine = [...this.list.querySelectorAll(".mine[data-sequence]")];
    for (const item of mine) this.bubbles.mark(item, "");
    const read = mine.filter((item) => Number(item.dataset.sequence) <= this.readByOthers).at(-1);
    if (read) this.bubbles.mark(read, "· Read");
  }

  async markRead() {
    const { pages } = this;
    const unseen = !this.isMember || document.visibilityState !== "visible" || !pages.isAtEnd() || !pages.holdsNewest();
    if (unseen || pages.last <= this.marked || this.marking) return;
    this.marking = true;
    const reached = pages.last;
    const response = await this.send(this.root.dataset.readUrl, { sequence: reached });
    if (response?.ok) {
      this.marked = reached;
      document.dispatchEvent(new CustomEvent("unread"));
    } else this.askAgainAfter(response);
    this.marking = false;
    if (response?.ok && pages.last > reached) this.markRead();
  }
}

for (const root of document.querySelectorAll("[data-room][data-messages-url]")) new Room(root);
