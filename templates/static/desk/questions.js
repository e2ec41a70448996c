// The editor of a questionnaire. What it holds goes into one field of the form, as the rules read it.

const settings = JSON.parse(document.querySelector("#questions-editor").textContent);
const source = document.querySelector("[data-questions]");
const editor = document.querySelector("[data-editor]");
const list = editor.querySelector("[data-list]");
const told = editor.querySelector("[data-told]");
const make = (name) => document.querySelector(`[data-${name}-template]`).content.firstElementChild.cloneNode(true);
const of = (kind, group) => settings[group].includes(kind);
const FIXED = { yes_no: [["yes", "Yes"], ["no", "No"]], agreement: [["yes", "Agreed"]] };
const STATES = ["ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"];
let count = 0;

const part = (item, name) => item.querySelector(`[data-part="${name}"]`);
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const kindOf = (item) => part(item, "kind").value;

function options(item) {
  const kind = kindOf(item);
  if (of(kind, "chosen")) return lines(part(item, "choices").value).map((choice) => [choice, choice]);
  return FIXED[kind] ?? (kind === "state" ? STATES.map((state) => [state, state]) : []);
}

function fill(select, pairs, empty) {
  const kept = select.value || select.dataset.wanted || "";
  select.replaceChildren(...[...(empty ? [["", empty]] : []), ...pairs].map(([value, words]) => new Option(words, value)));
  // What was chosen and is no choice any more stays to be seen, and is refused when it is published.
  if (kept && ![...select.options].some(({ value }) => value === kept)) select.add(new Option(`${kept} (no longer there)`, kept));
  select.value = kept;
  delete select.dataset.wanted;
}

function readFit(root, name, kind) {
  const value = (field) => root.querySelector(`[data-${name}="${field}"]`).value.trim();
  if (of(kind, "counted")) return { least: value("least"), most: value("most") };
  return { answer: of(kind, "written") ? value("words") : value("answer") };
}

function showFit(root, name, prefix, kind) {
  root.querySelector(`[data-${prefix}-span]`).hidden = !of(kind, "counted");
  root.querySelector(`[data-${prefix}-words]`).hidden = !of(kind, "written");
  root.querySelector(`[data-${prefix}-answer]`).hidden = of(kind, "counted") || of(kind, "written") || kind === "date";
}

function writeFit(root, name, { answer = "", least = "", most = "" }) {
  root.querySelector(`[data-${name}="answer"]`).dataset.wanted = answer;
  root.querySelector(`[data-${name}="words"]`).value = answer;
  root.querySelector(`[data-${name}="least"]`).value = least || answer;
  root.querySelector(`[data-${name}="most"]`).value = most || answer;
}

const without = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== "" && value !== undefined));

function read(item) {
  const row = { key: item.dataset.key ?? "" };
  for (const name of ["label", "kind", "help", "section"]) row[name] = part(item, name).value.trim();
  row.required = part(item, "required").checked;
  if (of(row.kind, "chosen")) row.choices = lines(part(item, "choices").value);
  if (row.kind === "scale") for (const name of ["lowest", "highest"]) row[name] = part(item, name).value.trim();
  const when = item.querySelector('[data-when="key"]');
  const on = byId(when.value);
  if (on) row.when = { key: keyOf(on), ...without(readFit(item, "when", kindOf(on))) };
  // What it hung on was taken out: publishing refuses it until somebody says what is meant now.
  else if (when.value) row.when = { key: when.dataset.key ?? "taken_out", ...without(readFit(item, "when", "yes_no")) };
  const flags = [...item.querySelectorAll("[data-flag]")].map((flag) => {
    const said = (name) => flag.querySelector(`[data-flag-part="${name}"]`).value.trim();
    return { ...without(readFit(flag, "flag-part", row.kind)), severity: said("severity"), message: said("message") };
  });
  if (flags.length) row.flags = flags;
  if (row.required) delete row.required; // as it is by itself
  return without(row);
}

const items = () => [...list.children];
const byId = (id) => items().find((item) => item.dataset.id === id);
// A new question gets its key here, so that another can hang on it before anything is saved.
function keyOf(item) {
  if (item.dataset.key) return item.dataset.key;
  const taken = new Set(items().map(({ dataset }) => dataset.key));
  const plain = part(item, "label").value.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^[0-9_]+|_+$/g, "").slice(0, 30).replace(/_+$/, "") || "question";
  let key = plain;
  for (let number = 2; taken.has(key); number++) key = `${plain}_${number}`;
  return (item.dataset.key = key);
}

function keep() {
  source.value = JSON.stringify(items().map(read));
}

function draw() {
  items().forEach((item, place) => {
    const kind = kindOf(item);
    item.querySelector("[data-number]").textContent = `${place + 1}.`;
    item.querySelector("[data-name]").textContent = part(item, "label").value || "New question";
    item.querySelector('[data-for="choices"]').hidden = !of(kind, "chosen");
    item.querySelector('[data-for="scale"]').hidden = kind !== "scale";
    for (const [name, words] of [["up", "Up"], ["down", "Down"], ["remove", "Take out"]]) {
      item.querySelector(`[data-${name}]`).setAttribute("aria-label", `${words}: question ${place + 1}`);
    }
    item.querySelector("[data-up]").disabled = place === 0;
    item.querySelector("[data-down]").disabled = place === list.children.length - 1;
    const earlier = items().slice(0, place).map((one) => [one.dataset.id, part(one, "label").value || "New question"]);
    const when = item.querySelector('[data-when="key"]');
    if (when.dataset.wanted) {
      when.dataset.key = when.dataset.wanted;
      when.dataset.wanted = items().find(({ dataset }) => dataset.key === when.dataset.wanted)?.dataset.id ?? "a question";
    }
    fill(when, earlier, "Always");
    const on = byId(when.value);
    for (const name of ["answer", "span", "words"]) item.querySelector(`[data-when-${name}]`).hidden = true;
    if (on) {
      when.dataset.key = on.dataset.key ?? "taken_out";
      fill(item.querySelector('[data-when="answer"]'), options(on), "Choose");
      showFit(item, "when", "when", kindOf(on));
    }
    for (const flag of item.querySelectorAll("[data-flag]")) {
      fill(flag.querySelector('[data-flag-part="answer"]'), options(item), "Choose");
      showFit(flag, "flag-part", "flag", kind);
    }
  });
  keep();
}

function addFlag(item, flag = {}) {
  const root = make("flag");
  fill(root.querySelector('[data-flag-part="severity"]'), Object.entries(settings.severities));
  root.querySelector('[data-flag-part="severity"]').value = flag.severity ?? "serious";
  root.querySelector('[data-flag-part="message"]').value = flag.message ?? "";
  writeFit(root, "flag-part", flag);
  item.querySelector("[data-flags]").append(root);
  return root;
}

function add(row = {}) {
  const item = make("question");
  item.dataset.id = `q${++count}`;
  if (row.key) item.dataset.key = row.key;
  fill(part(item, "kind"), Object.entries(settings.kinds));
  part(item, "kind").value = row.kind ?? "yes_no";
  for (const name of ["label", "help", "section", "lowest", "highest"]) part(item, name).value = row[name] ?? "";
  part(item, "choices").value = (row.choices ?? []).join("\n");
  part(item, "required").checked = row.required ?? true;
  if (row.when) {
    item.querySelector('[data-when="key"]').dataset.wanted = row.when.key ?? "";
    writeFit(item, "when", row.when);
  }
  for (const flag of row.flags ?? []) addFlag(item, flag);
  list.append(item);
  return item;
}

function move(item, by) {
  const place = items().indexOf(item) + by;
  list.insertBefore(item, by < 0 ? items()[place] : items()[place].nextSibling);
  draw();
  const button = item.querySelector(by < 0 ? "[data-up]" : "[data-down]");
  (button.disabled ? item.querySelector(by < 0 ? "[data-down]" : "[data-up]") : button).focus();
  told.textContent = `Now question ${place + 1}.`;
}

list.addEventListener("click", ({ target }) => {
  const item = target.closest("[data-question]");
  if (target.matches("[data-up]")) move(item, -1);
  else if (target.matches("[data-down]")) move(item, 1);
  else if (target.matches("[data-add-flag]")) addFlag(item).querySelector("select, input").focus();
  else if (target.matches("[data-remove-flag]")) {
    target.closest("[data-flag]").remove();
    item.querySelector("[data-add-flag]").focus();
  }
  else if (target.matches("[data-remove]")) {
    if (!confirm("Take this question out? It stays in the versions that were published.")) return;
    (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("[data-part]").focus();
    item.remove();
  } else return;
  draw();
});
list.addEventListener("change", draw);
list.addEventListener("input", keep);

editor.querySelector("[data-add]").addEventListener("click", () => {
  const last = list.lastElementChild;
  const item = add({ section: last ? part(last, "section").value : "" });
  draw();
  part(item, "label").focus();
});

const shown = editor.querySelector("[data-preview]");
const frame = shown.querySelector("iframe");
editor.querySelector("[data-look]").addEventListener("click", async () => {
  keep();
  const data = new FormData();
  for (const name of ["csrfmiddlewaretoken", "title"]) data.set(name, source.form.elements[name].value);
  data.set("questions", source.value);
  const answer = await fetch(settings.preview, { method: "POST", body: data }).catch(() => null);
  told.textContent = answer?.ok ? "The view of a patient is shown below." : "It cannot be shown just now.";
  if (!answer?.ok) return;
  frame.srcdoc = await answer.text();
  shown.hidden = false;
  shown.scrollIntoView({ block: "nearest" });
});
for (const button of shown.querySelectorAll("[data-width]")) {
  button.addEventListener("click", () => {
    frame.classList.toggle("is-phone", button.dataset.width === "phone");
    for (const one of shown.querySelectorAll("[data-width]")) one.setAttribute("aria-pressed", String(one === button));
  });
}

if (settings.is_changed_here && source) {
  let rows = [];
  try {
    rows = JSON.parse(source.value || "[]");
  } catch {
    // what cannot be read stays to be mended by hand
  }
  if (Array.isArray(rows)) {
    for (const row of rows) add(row);
    draw();
    source.closest(".field-questions, .form-row, [class*='field-']")?.setAttribute("hidden", "");
    editor.hidden = false;
    source.form.addEventListener("submit", keep);
  }
}
