// The editor of a page. Its blocks go into one field of the form, as the rules read them; what is typed is kept
// for its writer, and shown as it will be read.

import { draggable } from "./dragging.js";
import { write } from "./prose.js";

const settings = JSON.parse(document.querySelector("#page-editor").textContent);
const source = document.querySelector("[data-blocks]");
const editor = document.querySelector("[data-editor]");
const list = editor.querySelector("[data-list]");
const said = editor.querySelector("[data-said]");
const banner = document.querySelector("[data-banner]");
const NAMES = ["title", "slug", "lead", "search_title", "description"];
const PAUSE = 700, SAVED_AFTER = 2000, SEEN_EVERY = 20000; // milliseconds

const blocks = () => [...list.children];
const parts = (block) => [...block.querySelectorAll("[data-part]")];

function value(block) {
  const told = {};
  for (const part of parts(block)) {
    const name = part.dataset.part;
    if (part.closest(".pg-many")) {
      told[name] ??= [];
      if (part.checked) told[name].push(part.value);
    } else told[name] = part.type === "checkbox" ? part.checked : part.value;
  }
  return told;
}

const read = (block) => ({ id: block.dataset.id, type: block.dataset.block, value: value(block) });

function keep() {
  source.value = JSON.stringify(blocks().map(read));
}

function draw() {
  blocks().forEach((block, place) => {
    block.querySelector("[data-number]").textContent = `${place + 1}.`;
    for (const [name, words] of [["up", "Up"], ["down", "Down"], ["remove", "Take out"]]) {
      block.querySelector(`[data-${name}]`).setAttribute("aria-label", `${words}: block ${place + 1}`);
    }
    block.querySelector("[data-up]").disabled = place === 0;
    block.querySelector("[data-down]").disabled = place === list.children.length - 1;
  });
  editor.querySelector("[data-none]").hidden = list.children.length > 0;
  keep();
}

function fill(part, told) {
  if (part.closest(".pg-many")) part.checked = (told ?? []).includes(part.value);
  else if (part.type === "checkbox") part.checked = told ?? part.checked;
  else if (told !== undefined && told !== null) {
    // What was chosen and is no choice any more stays to be seen, and is refused when it is saved.
    if (part.tagName === "SELECT" && told && ![...part.options].some(({ value }) => value === told)) part.add(new Option("No longer there", told));
    part.value = told;
  }
}

function put(stored, before = null) {
  const template = document.querySelector(`[data-block-template="${stored.type}"]`);
  if (!template) return null;
  const block = template.content.firstElementChild.cloneNode(true);
  block.dataset.id = stored.id || crypto.randomUUID();
  for (const part of parts(block)) fill(part, stored.value?.[part.dataset.part]);
  list.insertBefore(block, before);
  for (const textarea of block.querySelectorAll("[data-prose]")) write(textarea, settings.prose);
  return block;
}

function show(rows) {
  list.replaceChildren();
  for (const row of rows) put(row);
  draw();
}

function moved(block) {
  draw();
  said.textContent = `Now block ${blocks().indexOf(block) + 1}.`;
  changed();
}

list.addEventListener("click", ({ target }) => {
  const block = target.closest("[data-block]");
  if (target.matches("[data-up]")) block.previousElementSibling.before(block);
  else if (target.matches("[data-down]")) block.nextElementSibling.after(block);
  else if (target.matches("[data-remove]")) {
    if (!confirm("Take this block out? It stays in the revisions that were saved.")) return;
    (block.nextElementSibling ?? block.previousElementSibling)?.querySelector("[data-part]")?.focus();
    block.remove();
    draw();
    return changed();
  } else return;
  moved(block);
  (target.disabled ? block.querySelector("[data-up]:enabled, [data-down]:enabled") : target)?.focus();
});
list.addEventListener("input", keep);
list.addEventListener("change", keep);
editor.querySelector(".pg-add").addEventListener("click", ({ target }) => {
  const button = target.closest("[data-add]");
  if (!button) return;
  const block = put({ type: button.dataset.add });
  draw();
  changed();
  block.scrollIntoView({ block: "nearest" });
  block.querySelector("[data-part]")?.focus();
});

// The page beside the editor

const shown = editor.querySelector("[data-preview]");
const screen = shown?.querySelector("[data-screen]");
const frame = screen?.querySelector("iframe");
let asked = 0, planned, saving, isDirty = false;

function form(more = {}) {
  keep();
  const data = new FormData();
  for (const name of ["csrfmiddlewaretoken", "seen", ...NAMES]) data.set(name, source.form.elements[name]?.value ?? "");
  data.set("body", source.value);
  for (const [name, words] of Object.entries(more)) data.set(name, words);
  return data;
}

function mark(found) {
  const box = document.querySelector("[data-found]");
  box.hidden = found.length === 0;
  box.querySelector("ul").replaceChildren(...found.map(({ words, place, line }) => {
    const item = document.createElement("li"), word = document.createElement("b");
    word.textContent = words;
    item.append(word, ` – ${place}, line ${line}`);
    return item;
  }));
  blocks().forEach((block, number) => {
    const here = found.filter(({ place }) => place.startsWith(`Block ${number + 1},`)).map(({ words }) => `“${words}”`);
    const bad = block.querySelector("[data-bad]");
    bad.textContent = here.length ? `Cannot be published: ${[...new Set(here)].join(", ")}.` : "";
    bad.hidden = !here.length;
    block.classList.toggle("is-bad", here.length > 0);
  });
}

async function look() {
  const mine = ++asked;
  const data = settings.is_changed_here ? form() : new FormData();
  data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const answer = await fetch(settings.preview, { method: "POST", body: data }).catch(() => null);
  if (mine !== asked) return;
  const why = shown.querySelector("[data-why]");
  if (!answer?.ok) {
    why.textContent = "It cannot be shown just now. What you write is still here.";
    return;
  }
  const told = await answer.json();
  why.textContent = told.why.join(" ");
  mark(told.found);
  if (frame.srcdoc !== told.page) frame.srcdoc = told.page;
}

function fit() {
  const isPhone = screen.classList.contains("is-phone");
  const width = isPhone ? 390 : 1280;
  const scale = Math.min(1, screen.clientWidth / width);
  frame.style.width = `${width}px`;
  frame.style.height = `${Math.round(screen.clientHeight / scale)}px`;
  frame.style.transform = `scale(${scale})`;
}

function changed() {
  isDirty = true;
  if (!settings.preview) return;
  clearTimeout(planned);
  planned = setTimeout(look, PAUSE);
  clearTimeout(saving);
  saving = setTimeout(save, SAVED_AFTER);
}

// What is typed is kept for its writer; the answer tells who else is there

const content = () => JSON.stringify({ ...Object.fromEntries(NAMES.map((name) => [name, source.form.elements[name].value])), body: JSON.parse(source.value || "[]") });

async function save(more = {}) {
  const data = form(isDirty ? { content: content(), ...more } : more);
  data.delete("body");
  const answer = await fetch(settings.autosave, { method: "POST", body: data }).catch(() => null);
  if (!answer?.ok) return;
  const { others, is_changed } = await answer.json();
  tell(others, is_changed);
}

function tell(others, isChanged) {
  const lines = [];
  if (isChanged) lines.push("Somebody else saved this page meanwhile. Reload it before you go on; what you typed is kept for you.");
  if (others.length) lines.push(`${others.join(" and ")} ${others.length > 1 ? "have" : "has"} this page open now, too.`);
  banner.querySelector("[data-others]")?.remove();
  if (!lines.length) return;
  const box = document.createElement("p");
  box.dataset.others = "";
  box.className = "pg-banner";
  box.textContent = lines.join(" ");
  banner.append(box);
}

function offer() {
  const box = document.createElement("p");
  box.className = "pg-banner";
  box.append(`You typed something here ${new Date(settings.unsaved_at).toLocaleString("en-AU", { dateStyle: "medium", timeStyle: "short" })} and did not save it. `);
  for (const [words, act] of [["Take it up", takeUp], ["Forget it", forget]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cs-button";
    button.textContent = words;
    button.addEventListener("click", () => {
      act();
      box.remove();
    });
    box.append(button, " ");
  }
  banner.append(box);
}

function takeUp() {
  for (const name of NAMES) source.form.elements[name].value = settings.unsaved[name] ?? "";
  show(settings.unsaved.body ?? []);
  changed();
}

const forget = () => save({ forget: "1" });

function begin() {
  let rows = [];
  try {
    rows = JSON.parse(source.value || "[]");
  } catch {
    return; // what cannot be read stays to be mended by hand
  }
  if (!Array.isArray(rows)) return;
  editor.hidden = false;
  const fields = source.form.elements.title.closest("fieldset");
  if (fields) editor.querySelector(".pg").prepend(fields); // beside the view, too
  show(rows);
  source.closest(".field-body, .form-row, [class*='field-']")?.setAttribute("hidden", "");
  source.form.addEventListener("submit", () => {
    keep();
    clearTimeout(saving);
  });
  source.form.addEventListener("input", changed);
  draggable(list, { items: "[data-block]", done: moved });
}

if (settings.is_changed_here && source) begin();
else if (shown) editor.hidden = false, editor.querySelector(".pg").hidden = true;

if (shown) {
  for (const button of shown.querySelectorAll("[data-width]")) {
    button.addEventListener("click", () => {
      screen.classList.toggle("is-phone", button.dataset.width === "phone");
      for (const one of shown.querySelectorAll("[data-width]")) one.setAttribute("aria-pressed", String(one === button));
      fit();
    });
  }
  new ResizeObserver(fit).observe(screen);
  look();
  if (settings.is_changed_here) {
    if (settings.unsaved) offer();
    save();
    setInterval(save, SEEN_EVERY);
  }
}
