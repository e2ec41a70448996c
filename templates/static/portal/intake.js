// Questions before a visit: each answer is kept when it is given, and what does not follow is not asked.

const form = document.querySelector("[data-intake]");
const told = form.querySelector("[data-kept]");
const fields = new Map([...form.querySelectorAll("[data-question]")].map((field) => [field.dataset.question, field]));
const waiting = new Set();
const AGAIN = 5_000; // milliseconds until what could not be kept is tried again
let sending = false, planned;

const inputs = (field) => [...field.querySelectorAll("input, textarea, select")];

function values(field) {
  const given = inputs(field).filter((input) => !["radio", "checkbox"].includes(input.type) || input.checked);
  return given.map(({ value, type }) => (type === "checkbox" && value === "on" ? "yes" : value)).filter(Boolean);
}

// The same as on the server (clinic/models/questions.py): of numbers a span, of words whatever their case.
function meets({ answer, least, most }, said) {
  if (!said.length) return false;
  const number = Number(said[0]);
  if (least || most) return !Number.isNaN(number) && (!least || number >= least) && (!most || number <= most);
  const plain = (words) => words.trim().replace(/\s+/g, " ").toLowerCase();
  return said.some((one) => plain(one) === plain(answer) || (one !== "" && Number(one) === Number(answer)));
}

function ask() {
  for (const field of fields.values()) {
    const { when } = field.dataset;
    if (!when) continue;
    const on = fields.get(when);
    const isAsked = !on.hidden && meets(field.dataset, values(on));
    if (isAsked !== field.hidden) continue;
    field.hidden = !isAsked;
    for (const input of inputs(field)) input.disabled = !isAsked; // what is not asked is not sent
    // What was taken back with the question is said again with it.
    if (isAsked && values(field).length) waiting.add(field.dataset.question);
  }
}

function mark(field, words) {
  field.classList.toggle("has-error", Boolean(words));
  let list = field.querySelector(".errorlist");
  for (const input of inputs(field)) {
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    const told = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== `wrong-${field.dataset.question}`);
    if (words) told.push(`wrong-${field.dataset.question}`);
    if (told.length) input.setAttribute("aria-describedby", told.join(" "));
    else input.removeAttribute("aria-describedby");
  }
  if (!words) return list?.remove();
  if (!list) {
    list = document.createElement("p");
    list.className = "errorlist";
    list.id = `wrong-${field.dataset.question}`;
    list.setAttribute("role", "alert");
    field.append(list);
  }
  list.textContent = words;
}

function body(keys) {
  const data = new FormData();
  for (const name of ["csrfmiddlewaretoken", "version", "asks"]) data.set(name, form.elements[name].value);
  for (const key of keys) {
    data.append("of", key);
    for (const value of values(fields.get(key))) data.append(key, value);
  }
  return data;
}

async function keep({ keepalive = false } = {}) {
  if (!waiting.size || (sending && !keepalive)) return;
  const keys = [...waiting];
  waiting.clear();
  sending = true;
  told.textContent = "Saving …";
  const request = { method: "POST", body: body(keys), keepalive, headers: { "X-Requested-With": "fetch" } };
  const answer = await fetch(form.dataset.keepUrl, request).catch(() => null);
  sending = false;
  await tell(answer, keys);
  if (waiting.size) plan(answer?.status < 500 ? 0 : AGAIN);
}

async function tell(answer, keys) {
  if (!answer || answer.status >= 500) {
    for (const key of keys) waiting.add(key);
    told.textContent = "Not saved yet: there is no connection. We keep trying.";
    return;
  }
  const said = answer.redirected ? {} : await answer.json().catch(() => ({}));
  for (const key of keys) mark(fields.get(key), said.wrong?.[key] ?? "");
  if (said.kept) {
    const clock = new Date().toLocaleTimeString("en-AU", { hour: "numeric", minute: "2-digit" });
    const isWrong = form.querySelector("[data-question].has-error:not([hidden])");
    told.textContent = isWrong ? "One answer could not be saved: please look at it. The others are kept." : `Kept at ${clock}. You can go on later, on any device. Press “Save your answers” when you are done.`;
    return;
  }
  if (said.wrong) {
    // One answer that does not fit keeps none of the others back.
    const others = keys.filter((key) => !(key in said.wrong));
    for (const key of others) waiting.add(key);
    told.textContent = "One answer could not be saved: please look at it.";
    return;
  }
  told.textContent = said.why ?? "Not saved: please load this page again.";
}

function plan(milliseconds) {
  clearTimeout(planned);
  planned = setTimeout(keep, milliseconds);
}

form.addEventListener("change", ({ target }) => {
  const field = target.closest("[data-question]");
  if (!field) return;
  ask();
  waiting.add(field.dataset.question);
  for (const key of waiting) if (fields.get(key).hidden) waiting.delete(key);
  plan(300);
});
form.addEventListener("submit", () => clearTimeout(planned));
document.addEventListener("visibilitychange", () => {
  const { activeElement } = document;
  const field = activeElement?.closest?.("[data-question]");
  if (document.visibilityState !== "hidden") return;
  const isTyped = field && ["TEXTAREA", "INPUT"].includes(activeElement.tagName);
  if (isTyped && activeElement.value !== activeElement.defaultValue) waiting.add(field.dataset.question);
  keep({ keepalive: true }); // also what waits for its pause: the page may never come back
});

// Said to who sees every question; here those that do not follow are not seen.
for (const hint of form.querySelectorAll("[data-unscripted]")) hint.remove();
ask();
