// How a message looks, and what can be done with it.

export class Bubbles {
  constructor(room) {
    this.room = room;
    this.root = room.root;
    this.traces = new Map(); // a page that was read before a withdrawal may arrive after it
    for (const item of room.list.querySelectorAll("[data-sequence]")) this.fade(item, item.dataset.withdrawableFor);
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
    item.dataset.client = message.client_id;
    item.querySelector(".room-who").textContent = message.who;
    item.querySelector(".room-text").textContent = message.text;
    item.querySelector(".room-text").hidden = !message.text;
    this.attach(item, message.attached ?? []);
    item.querySelector("time").textContent = message.clock;
    if (message.at) item.querySelector("time").dateTime = message.at;
    if (message.answers) this.quote(item, message.answers);
    if (message.sequence) this.number(item, message);
    const trace = message.withdrawn || this.traces.get(message.sequence);
    if (trace) this.withdraw(item, trace);
    this.mark(item, "");
  }

  // Its files; those that are on their way have no address yet.
  attach(item, files) {
    const list = item.querySelector(".room-files");
    if (!list) return;
    list.hidden = !files.length;
    list.replaceChildren(...files.map((file) => this.file(file)));
  }

  file({ kind, name, about, url, thumbnail, width, height }) {
    const item = this.root.querySelector("[data-file]").content.firstElementChild.cloneNode(true);
    const [link, picture, words] = ["a", "img", "span"].map((part) => item.querySelector(part));
    const isImage = kind === "image";
    link.classList.add(kind ?? "waiting");
    if (url) {
      link.href = url;
      Object.assign(picture, { width, height, alt: isImage ? name : "", src: thumbnail });
    } else picture.remove();
    if (!isImage) words.textContent = name;
    if (!isImage && about) words.append(Object.assign(document.createElement("small"), { textContent: about }));
    return item;
  }

  // What only a message that was sent has: its place, and links that lead to it.
  number(item, message) {
    const { sequence } = message;
    const { roomUrl, messagesUrl } = this.root.dataset;
    item.id = `message-${sequence}`;
    item.dataset.sequence = sequence;
    const answer = item.querySelector("[data-answer]");
    answer.href = `${roomUrl}?answers=${sequence}#room-text`;
    answer.setAttribute("aria-label", `Reply to ${message.who || "this"}, ${message.clock}`);
    answer.hidden = false;
    const withdraw = item.querySelector("[data-withdraw]");
    withdraw.href = `${messagesUrl}${sequence}/withdraw/`;
    withdraw.setAttribute("aria-label", `Withdraw what you wrote, ${message.clock}`);
    withdraw.hidden = !message.withdrawable_for;
    this.fade(item, message.withdrawable_for);
  }

  quote(item, answers) {
    const quote = item.querySelector(".room-quote");
    quote.href = `${this.root.dataset.roomUrl}?around=${answers.sequence}#message-${answers.sequence}`;
    quote.dataset.quote = answers.sequence;
    quote.querySelector("b").textContent = answers.who;
    quote.querySelector("[data-quoted]").textContent = answers.text;
    quote.hidden = false;
  }

  // What can be withdrawn for a while: then the link goes.
  fade(item, seconds) {
    if (Number(seconds)) setTimeout(() => item.querySelector("[data-withdraw]")?.remove(), Number(seconds) * 1000);
  }

  withdraw(item, trace) {
    if (item.classList.contains("withdrawn")) return;
    item.classList.add("withdrawn");
    const place = item.querySelector("[data-withdrawn]");
    place.textContent = trace;
    place.hidden = false;
    for (const link of item.querySelectorAll("[data-answer], [data-withdraw]")) link.remove();
    if ("reviews" in this.root.dataset) return; // who reviews reads on
    item.querySelector(".room-text").textContent = "";
    item.querySelector(".room-text").hidden = true;
    item.querySelector(".room-files")?.remove();
  }

  withdrawn({ sequence, withdrawn }) {
    this.traces.set(sequence, withdrawn);
    const item = this.find(sequence);
    if (item) this.withdraw(item, withdrawn);
    for (const quote of this.room.list.querySelectorAll(`[data-quote="${sequence}"] [data-quoted]`)) {
      quote.textContent = "Message withdrawn";
    }
  }

  find(sequence) {
    return this.room.list.querySelector(`[data-sequence="${sequence}"]`);
  }

  // What an answer to this one shows of it.
  briefly(item) {
    const line = item.querySelector(".room-text").textContent.replace(/\s+/g, " ").trim() || "Picture or PDF";
    return {
      sequence: Number(item.dataset.sequence),
      who: item.querySelector(".room-who").textContent || "ProMedicine",
      text: line.length > 120 ? `${line.slice(0, 119).trimEnd()}…` : line,
    };
  }

  mark(item, words) {
    const state = item.querySelector("[data-state]");
    if (state && state.textContent !== words) state.textContent = words;
  }
}
