// The editor of a note: kept at the clinic and in the browser while it is typed, never written over.

import { copiesOf, forget } from "./copies.js";

const PAUSE = 1500; // milliseconds without typing after which the draft is kept
const LONGEST = 5000; // of typing without a pause
const COPY = 200; // after which the browser has its copy

const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" });

export async function keepNote(form, page) {
  const told = document.querySelector("[data-saved]");
  const elsewhere = document.querySelector("[data-elsewhere]");
  const revision = form.elements.revision;
  const fields = [...form.querySelectorAll("textarea, input[type='date']")];
  let timer, copyTimer, since, saving, other, changed = false;

  const words = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const fill = (values) => { for (const field of fields) if (field.name in values) field.value = values[field.name]; };
  const same = (one, another) => fields.every(({ name }) => (one[name] ?? "") === (another[name] ?? ""));
  const tell = (sentence, isWrong = false) => {
    told.textContent = sentence;
    told.classList.toggle("is-wrong", isWrong);
  };

  const begun = Object.fromEntries(fields.map((field) => [field.name, field.defaultValue]));
  const copies = await copiesOf(form.dataset.note, form.dataset.key).catch(() => null);
  const copy = () => {
    clearTimeout(copyTimer);
    copyTimer = undefined;
    return copies?.put({ words: words(), revision: Number(revision.value) }).catch(() => {});
  };

  const showOther = (values, sentence) => {
    other = values;
    elsewhere.querySelector("[data-elsewhere-title]").textContent = sentence;
    const list = elsewhere.querySelector("[data-elsewhere-parts]");
    list.replaceChildren();
    const mine = words();
    for (const field of fields) {
      const text = values[field.name] ?? "";
      if (!text || text === mine[field.name]) continue;
      const [heading, body] = ["dt", "dd"].map((tag) => document.createElement(tag));
      heading.textContent = field.labels[0].textContent;
      body.textContent = text;
      body.style.whiteSpace = "pre-line";
      list.append(heading, body);
    }
    elsewhere.querySelector("[data-elsewhere-buttons]").hidden = false;
    elsewhere.hidden = false;
    elsewhere.scrollIntoView({ block: "nearest" });
    tell("Not kept yet: choose above what to do with the other text.", true);
  };

  const send = async () => {
    const sent = words();
    const answer = await fetch(page.dataset.noteUrl, { method: "POST", body: new FormData(form) });
    if (answer.redirected || answer.status === 403) throw new Error("You are signed out. Sign in again in another window; your text stays here.");
    const kept = await answer.json();
    if (answer.status === 409 && kept.theirs) {
      revision.value = kept.revision;
      showOther(kept.theirs, "This note was also written in another window.");
      return;
    }
    if (!answer.ok) throw new Error(kept.error);
    revision.value = kept.revision;
    tell(`Draft kept at ${clock(kept.saved_at)}`);
    if (same(sent, words())) {
      clearTimeout(copyTimer);
      await copies?.drop().catch(() => {});
    }
  };
  const save = async () => {
    clearTimeout(timer);
    if (saving) return saving; // whoever typed meanwhile is waited for again below
    if (other) return;
    changed = false;
    since = undefined;
    saving = send().catch((problem) => {
      changed = true;
      const lost = problem instanceof TypeError;
      const here = copies ? " Your text is safe in this browser." : "";
      tell(lost ? `Not kept: no connection. Trying again.${here}` : `Not kept: ${problem.message}`, true);
      timer = setTimeout(save, LONGEST);
    });
    await saving;
    saving = undefined;
    if (other) changed = true;
    else if (changed && since) wait();
  };
  const wait = () => {
    changed = true;
    since ??= Date.now();
    copyTimer ??= setTimeout(copy, COPY);
    if (other) return;
    clearTimeout(timer);
    timer = setTimeout(save, Math.min(PAUSE, Math.max(0, since + LONGEST - Date.now())));
    if (!saving) tell("Not kept yet");
  };
  form.addEventListener("input", wait);
  if (!same(begun, words())) wait(); // somebody typed before this script was there
  form.addEventListener("submit", () => { changed = false; clearTimeout(timer); });

  const settle = () => {
    other = undefined;
    elsewhere.hidden = true;
    changed = true;
    save();
    next();
  };
  elsewhere.querySelector("[data-together]").addEventListener("click", () => {
    for (const field of fields) {
      const theirs = other[field.name] ?? "";
      if (field.type === "date") field.value ||= theirs;
      else if (theirs && !field.value.includes(theirs)) field.value = [field.value.trimEnd(), theirs].filter(Boolean).join("\n\n");
    }
    copy();
    settle();
  });
  elsewhere.querySelector("[data-mine]").addEventListener("click", settle);

  // Every other form loads the page again: the draft goes first.
  for (const sibling of page.querySelectorAll("form[method='post']")) {
    if (sibling === form || sibling.closest(".room, [data-care]")) continue;
    sibling.addEventListener("submit", async (event) => {
      if (!changed && !saving) return;
      event.preventDefault();
      await save();
      if (!changed) sibling.requestSubmit(event.submitter);
    });
  }
  window.addEventListener("beforeunload", (event) => changed && event.preventDefault());
  form.querySelector("[data-save]").hidden = true;

  // What a window left behind that died: into the editor where nothing else was kept since, else beside it.
  const left = (await copies?.left().catch(() => [])) ?? [];
  const next = async () => {
    const found = left.shift();
    if (!found) return;
    const known = same(found.words, words());
    if (!known && found.revision >= Number(revision.value) && same(begun, words())) {
      fill(found.words);
      const notice = document.createElement("p");
      notice.className = "cs-recovered";
      notice.setAttribute("role", "status");
      notice.textContent = `Text from ${clock(found.at)} was brought back: it had not reached the clinic.`;
      form.before(notice);
      await copy();
      wait();
    } else if (!known) {
      await copy();
      showOther(found.words, `This browser also had text from ${clock(found.at)}.`);
    }
    await copies.drop(found.id);
    if (!other) next();
  };
  next();
}

// A signed note needs no copy any more.
export const forgetNote = (note) => forget(note).catch(() => {});
