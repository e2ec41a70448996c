// The consultation page: the note is kept while it is typed, medicines are found, papers appear.

const page = document.querySelector("[data-consultation]");
const PAUSE = 1500; // milliseconds without typing after which the draft is kept
const LONGEST = 5000; // of typing without a pause

function keepNote(form) {
  const told = document.querySelector("[data-saved]");
  let timer, since, saving, changed = false;

  const tell = (sentence, isWrong = false) => {
    told.textContent = sentence;
    told.classList.toggle("is-wrong", isWrong);
  };
  const send = async () => {
    const answer = await fetch(page.dataset.noteUrl, { method: "POST", body: new FormData(form) });
    if (answer.redirected) throw new Error("You are signed out. Copy your text, then sign in again.");
    const kept = await answer.json();
    if (!answer.ok) throw new Error(kept.error);
    const at = new Date(kept.saved_at);
    tell(`Draft kept at ${at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" })}`);
  };
  const save = async () => {
    clearTimeout(timer);
    if (saving) return saving; // whoever typed meanwhile is waited for again below
    changed = false;
    since = undefined;
    saving = send().catch((problem) => {
      changed = true;
      const lost = problem instanceof TypeError;
      tell(lost ? "Not kept: no connection. Trying again." : `Not kept: ${problem.message}`, true);
      timer = setTimeout(save, LONGEST);
    });
    await saving;
    saving = undefined;
    if (changed && since) wait();
  };
  const wait = () => {
    changed = true;
    since ??= Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, Math.min(PAUSE, Math.max(0, since + LONGEST - Date.now())));
    if (!saving) tell("Not kept yet");
  };
  form.addEventListener("input", wait);
  form.addEventListener("submit", () => { changed = false; clearTimeout(timer); });
  // Every other form loads the page again: the draft goes first.
  for (const other of page.querySelectorAll("form[method='post']")) {
    if (other === form || other.closest(".room")) continue;
    other.addEventListener("submit", async (event) => {
      if (!changed && !saving) return;
      event.preventDefault();
      await save();
      if (!changed) other.requestSubmit(event.submitter);
    });
  }
  window.addEventListener("beforeunload", (event) => changed && event.preventDefault());
  form.querySelector("[data-save]").hidden = true;
}

function findMedicines(form) {
  const box = form.querySelector("[data-search]");
  const list = form.querySelector("[data-products]");
  const chosen = form.querySelector("[name='product']");
  let timer, asked = 0;

  const find = async () => {
    const mine = ++asked;
    const answer = await fetch(`${page.dataset.productsUrl}?q=${encodeURIComponent(box.value)}`);
    const found = await answer.text();
    if (mine === asked && answer.ok && !answer.redirected) list.innerHTML = found;
  };
  box.addEventListener("input", () => {
    chosen.value = "";
    clearTimeout(timer);
    timer = setTimeout(find, 250);
  });
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
const write = page?.querySelector("[data-write]");
if (note) keepNote(note);
if (write) findMedicines(write);
if (page?.querySelector("[data-pending]")) waitForPapers();
