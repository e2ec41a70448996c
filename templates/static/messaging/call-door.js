// The way from a conversation to its call: there while one can call, and telling who is there.

import { live } from "./live.js";

class Door {
  constructor(root) {
    this.root = root;
    this.line = live(root.dataset.eventsUrl, root.dataset.lastEvent);
    this.line.listen({
      event: (kind, data) => kind === "call" && data.call_in === root.dataset.room && this.look(),
      catchUp: () => this.look(),
    });
    this.look();
  }

  async look() {
    const answer = await fetch(this.root.dataset.stateUrl, { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.status === 404) this.root.hidden = true;
    if (!answer?.ok) return;
    const told = await answer.json();
    this.root.hidden = told.refusal !== "" && told.phase === "none";
    const words = this.words(told);
    const place = this.root.querySelector("[data-call-words]");
    if (place.textContent !== words) place.textContent = words;
    this.root.classList.toggle("is-waiting", Boolean(told.peer?.is_here) && !told.is_in);
  }

  words({ phase, peer, other, is_in, is_host, beside }) {
    if (beside?.rings && !is_host) return "The doctor rings you on your telephone. Please answer it.";
    if (phase === "running") return is_in ? "You are in the call, in its own window." : "The call is running. You can join it again.";
    if (is_in) return "You are in the waiting room, in its own window.";
    if (peer?.is_here) return is_host ? `${other} is waiting for you in the call.` : `${other} is ready for you.`;
    return "Talk by voice or video. The call opens in its own window, so that you can write meanwhile.";
  }
}

for (const root of document.querySelectorAll("[data-call-door]")) new Door(root);
