// The field one writes in: sending, answering a message, and what one began, kept on every device.

const AFTER = 800; // a pause in typing

export class Writing {
  constructor(room) {
    Object.assign(this, { room, root: room.root, form: room.form, field: room.form.elements.text });
    this.bar = this.root.querySelector("[data-answering]");
    this.kept = this.field.value;
    this.root.querySelector("[data-keys]").hidden = matchMedia("(pointer: coarse)").matches;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("input", () => this.typed());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.keep({ keepalive: true }));
    window.addEventListener("pagehide", () => this.keep({ keepalive: true }));
    // Who has not answered yet is not in the conversation, and has no draft there.
    window.addEventListener("beforeunload", (event) => !room.isMember && this.field.value.trim() && event.preventDefault());
    room.list.addEventListener("click", (event) => this.chosen(event));
    this.bar.querySelector("[data-answering-stop]").addEventListener("click", (event) => {
      event.preventDefault();
      this.answer(null);
      this.field.focus();
    });
    const answers = Number(this.form.elements.answers.value);
    if (answers) this.answers = { sequence: answers, who: this.part("who").textContent, text: this.part("text").textContent };
    this.grow();
  }

  key(event) {
    if (event.key === "Escape" && this.answers) return this.answer(null);
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.submit();
  }

  grow() {
    this.field.rows = Math.min(6, Math.max(1, this.field.value.split("\n").length));
  }

  async submit() {
    const text = this.field.value.trim();
    const { attaching, pages, outbox } = this.room;
    if ((!text && !attaching.files.length) || this.field.readOnly) return this.field.focus();
    const { answers } = this;
    const files = attaching.take();
    this.put("");
    this.answer(null);
    this.field.focus();
    if (!pages.holdsNewest()) await pages.toNewest();
    outbox.add(text, answers ?? undefined, files);
    pages.toEnd();
  }

  put(text) {
    clearTimeout(this.timer);
    this.field.value = text;
    this.grow();
  }

  // Answering

  chosen(event) {
    const link = event.target.closest("[data-answer]");
    if (!link) return;
    event.preventDefault();
    this.answer(this.room.bubbles.briefly(link.closest("[data-sequence]")));
    this.field.focus();
  }

  answer(answers) {
    this.answers = answers;
    this.form.elements.answers.value = answers?.sequence ?? "";
    this.part("who").textContent = answers?.who ?? "";
    this.part("text").textContent = answers?.text ?? "";
    this.bar.hidden = !answers;
  }

  part(name) {
    return this.bar.querySelector(`[data-answering-${name}]`);
  }

  // Drafts

  typed() {
    this.grow();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(), AFTER);
  }

  async keep(options) {
    clearTimeout(this.timer);
    const text = this.field.value;
    if (text === this.kept || (this.keeping && !options) || !this.room.isMember) return;
    this.keeping = true;
    const response = await this.room.send(this.root.dataset.draftUrl, { text }, options);
    this.keeping = false;
    if (response?.ok) this.kept = text;
    if (response?.ok && text !== this.field.value) this.typed(); // typed or sent meanwhile
  }

  // A message was sent, and the server has forgotten the draft: what was written since is to be kept.
  sent() {
    this.kept = "";
    if (this.field.value) this.typed();
  }

  // What waits to be sent is no draft any more, though the server may still have it as one.
  forget(texts) {
    if (texts.includes(this.field.value.trim())) this.put("");
  }
}
