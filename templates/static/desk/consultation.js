// The consultation page: the note is kept while it is typed, medicines are found, papers appear.

import "./care.js";
import { forgetNote, keepNote } from "./note.js";

const page = document.querySelector("[data-consultation]");

function findMedicines(form) {
  const box = form.querySelector("[data-search]");
  const list = form.querySelector("[data-products]");
  const chosen = form.querySelector("[name='product']");
  const narrow = form.querySelector("[data-narrow]");
  let timer, asked = 0;

  const find = async () => {
    const mine = ++asked;
    const wanted = new URLSearchParams({ q: chosen.value ? "" : box.value });
    for (const field of narrow.querySelectorAll("select")) wanted.set(field.name, field.value);
    const answer = await fetch(`${page.dataset.productsUrl}?${wanted}`);
    const found = await answer.text();
    if (mine === asked && answer.ok && !answer.redirected) list.innerHTML = found;
  };
  box.addEventListener("input", () => {
    chosen.value = "";
    clearTimeout(timer);
    timer = setTimeout(find, 250);
  });
  narrow.addEventListener("change", find);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "ArrowDown" || event.key === "Enter") list.querySelector("[data-product]")?.focus();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...list.querySelectorAll("[data-product]")];
    (all[all.indexOf(document.activeElement) + step] ?? box).focus();
  });
  list.addEventListener("click", (event) => {
    const product = event.target.closest("[data-product]");
    if (!product) return;
    chosen.value = product.dataset.product;
    box.value = product.dataset.name;
    list.replaceChildren();
    form.querySelector("[name='quantity']").focus();
  });
}

async function waitForPapers() {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((done) => setTimeout(done, 2000));
    const answer = await fetch(location.href, { headers: { "X-Refresh": "papers" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#scripts");
    if (fresh && !("pending" in fresh.dataset)) return document.querySelector("#scripts").replaceWith(fresh);
  }
}

const note = page?.querySelector("[data-note]");
// What the checks would say of the line, while it is typed.
function guard(form) {
  const told = form.querySelector("[data-guarded]");
  let timer, asked = 0;

  const ask = async () => {
    const mine = ++asked;
    const body = new FormData(form); // by POST: directions stay out of addresses
    const answer = await fetch(form.dataset.guardUrl, { method: "POST", body }).catch(() => null);
    if (mine !== asked || !answer?.ok || answer.redirected) return;
    told.innerHTML = await answer.text();
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, 500); };
  form.addEventListener("input", soon);
  form.addEventListener("click", (event) => event.target.closest("[data-product]") && soon());
}

const write = page?.querySelector("[data-write]");
if (note) keepNote(note, page);
const signed = page?.querySelector("[data-signed-note]");
if (signed) forgetNote(signed.dataset.signedNote);
if (write) {
  findMedicines(write);
  guard(write);
}
if (page?.querySelector("[data-pending]")) waitForPapers();
