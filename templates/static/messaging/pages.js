// Which part of a conversation the page holds: it grows at both ends as one scrolls, and can jump.

export class Pages {
  constructor(room) {
    Object.assign(this, { room, root: room.root, list: room.list, scroll: room.scroll });
    this.last = Number(this.root.dataset.lastSequence);
    this.newest = Number(this.root.dataset.newestSequence);
    this.first = Number(this.list.querySelector("[data-sequence]")?.dataset.sequence ?? 0);
    this.rows = Object.fromEntries(["earlier", "later", "newest"].map((name) => [name, this.root.querySelector(`[data-${name}-row]`)]));
    this.loaders = { earlier: () => this.earlier(), later: () => this.later(), newest: () => this.toNewest() };
    for (const [name, row] of Object.entries(this.rows)) {
      row.querySelector("a").addEventListener("click", (event) => {
        event.preventDefault();
        this.loaders[name]();
      });
    }
    this.list.addEventListener("click", (event) => {
      const quote = event.target.closest("[data-quote]");
      if (!quote) return;
      event.preventDefault();
      this.jump(Number(quote.dataset.quote));
    });
  }

  start() {
    const asked = /^#message-(\d+)$/.exec(location.hash);
    const item = asked && this.room.bubbles.find(asked[1]);
    if (item) this.show(item);
    else if (this.holdsNewest()) this.toEnd();
    if (asked && !item) this.jump(Number(asked[1]));
    this.watcher = new IntersectionObserver((entries) => this.seen(entries), { root: this.scroll, rootMargin: "150px 0px" });
    this.watch();
  }

  // Observing anew tells again of a row that stayed in view.
  watch() {
    for (const name of ["earlier", "later"]) {
      this.watcher?.unobserve(this.rows[name]);
      this.watcher?.observe(this.rows[name]);
    }
  }

  seen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && !target.hidden) this.loaders[target === this.rows.earlier ? "earlier" : "later"]();
    }
  }

  holdsNewest() {
    return this.last >= this.newest;
  }

  // What is new since we last asked; whether there is more of it.
  async catchUp() {
    const found = await this.room.ask(`?after=${this.newest}`);
    if (!found) return false;
    const wasAtEnd = this.isAtEnd();
    const holds = this.holdsNewest();
    if (holds) this.append(found.messages);
    this.newest = holds ? Math.max(this.last, this.newest) : Math.max(this.newest, found.last_sequence);
    this.arrived(found);
    if (wasAtEnd && holds && found.messages.length) this.toEnd();
    return holds && found.messages.length > 0 && this.last < found.last_sequence;
  }

  // Our own, as the server keeps it. False where others wrote meanwhile, or the end is not on the page.
  takeSent(message) {
    if (!message || !this.room.isMember || !this.holdsNewest() || message.sequence > this.last + 1) return false;
    this.append([message]);
    this.newest = this.last;
    this.toEnd();
    return true;
  }

  // One load at a time: a second one would ask for what the first one brings.
  async load(query, place) {
    if (this.loading) return;
    this.loading = true;
    const found = await this.room.ask(query);
    if (found) {
      this.newest = Math.max(this.newest, found.last_sequence);
      this.list.setAttribute("aria-live", "off"); // what one went to is not news
      place(found.messages);
      this.arrived(found);
      setTimeout(() => this.list.setAttribute("aria-live", "polite"), 500);
    }
    this.loading = false;
    if (found) this.watch();
  }

  earlier() {
    return this.load(`?before=${this.first}`, (messages) => {
      const height = this.scroll.scrollHeight;
      const top = this.scroll.scrollTop;
      this.prepend(messages);
      this.scroll.scrollTop = top + this.scroll.scrollHeight - height;
      if (this.first <= 1 && document.activeElement?.closest("[data-earlier-row]")) this.scroll.focus();
    });
  }

  later() {
    return this.load(`?after=${this.last}`, (messages) => this.append(messages));
  }

  async toNewest() {
    await this.load("", (messages) => {
      this.replace(messages);
      this.toEnd();
    });
    this.room.markRead();
  }

  // To a message, wherever it is.
  async jump(sequence) {
    if (!this.room.bubbles.find(sequence)) await this.load(`?around=${sequence}`, (messages) => this.replace(messages));
    const item = this.room.bubbles.find(sequence);
    if (item) this.show(item);
  }

  show(item) {
    this.list.querySelector(".jumped")?.classList.remove("jumped");
    item.classList.add("jumped");
    const middle = (this.scroll.clientHeight - item.offsetHeight) / 2;
    this.scroll.scrollTop += item.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top - Math.max(0, middle);
    item.focus({ preventScroll: true });
  }

  arrived(found) {
    found.withdrawn.forEach((one) => this.room.bubbles.withdrawn(one));
    this.rows.earlier.hidden = this.first <= 1;
    this.rows.later.hidden = this.rows.newest.hidden = this.holdsNewest();
    this.room.update(found);
  }

  append(messages) {
    for (const message of messages) {
      if (message.sequence <= this.last) continue;
      this.last = message.sequence;
      this.first ||= message.sequence;
      this.place(message);
      if (message.kind === "theirs") this.room.presence?.sent(message.who);
    }
    if (this.list.children.length) this.root.querySelector("[data-empty]").hidden = true;
  }

  place(message) {
    const { bubbles } = this.room;
    const waiting = message.client_id && this.list.querySelector(`[data-client="${message.client_id}"]`);
    const item = waiting || bubbles.make();
    const day = [...this.list.querySelectorAll("[data-day]")].at(-1)?.dataset.day;
    bubbles.fill(item, message);
    const pending = [...this.list.querySelectorAll(".room-message:not([data-sequence])")].find((one) => one !== item);
    // What is not sent yet stays below what is.
    if (!waiting || pending) this.list.insertBefore(item, pending || null);
    if (message.day !== day) this.list.insertBefore(bubbles.dayBreak(message.day), item);
  }

  prepend(messages) {
    const { bubbles } = this.room;
    const oldFirst = this.list.firstElementChild;
    let day;
    for (const message of messages) {
      const item = bubbles.make();
      bubbles.fill(item, message);
      if (message.day !== day) this.list.insertBefore(bubbles.dayBreak((day = message.day)), oldFirst);
      this.list.insertBefore(item, oldFirst);
    }
    if (oldFirst?.dataset.day === day) oldFirst.remove();
    this.first = messages[0]?.sequence ?? 1;
  }

  // Another part in the place of this one; what waits to be sent stays.
  replace(messages) {
    this.list.querySelectorAll("[data-sequence], [data-day]").forEach((item) => item.remove());
    this.first = messages[0]?.sequence ?? 0;
    this.last = 0;
    this.append(messages);
  }

  isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 80;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}
