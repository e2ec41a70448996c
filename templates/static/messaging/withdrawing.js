// Taking one's message back, with the reason why.

export class Withdrawing {
  constructor(room) {
    this.room = room;
    this.dialog = room.root.querySelector("[data-withdrawing]");
    this.problem = this.dialog.querySelector("[data-problem]");
    room.list.addEventListener("click", (event) => {
      const link = event.target.closest("[data-withdraw]");
      if (!link) return;
      event.preventDefault();
      this.item = link.closest("[data-sequence]");
      this.say("");
      this.dialog.showModal();
    });
    this.dialog.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.value) this.withdraw(button.value);
      else if (button || event.target === this.dialog) this.dialog.close();
    });
  }

  say(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  async withdraw(reason) {
    const { item, room } = this;
    const response = await room.send(`${room.root.dataset.messagesUrl}${item.dataset.sequence}/withdrawal/`, { reason });
    if (!response?.ok) {
      const { error } = (await response?.json().catch(() => null)) ?? {};
      return this.say(error ?? "The message could not be withdrawn: there is no connection. Please try again.");
    }
    this.dialog.close();
    await room.catchUp();
    item.focus({ preventScroll: true });
  }
}
