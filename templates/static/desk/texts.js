// While a letter's text is written, it is shown as it will be read.

const shown = document.querySelector("[data-preview]");
const form = document.querySelector("[data-letter]")?.form;
const parts = ["subject", "body"].map((name) => document.querySelector(`[data-letter="${name}"]`)).filter(Boolean);

if (shown) {
  const frame = shown.querySelector("iframe");
  const plain = shown.querySelector("[data-plain]");
  const told = shown.querySelector("[data-told]");
  const PAUSE = 400; // milliseconds without a key
  let planned, asked = 0, width = "phone", hasPage = true;

  const show = () => {
    const isPlain = width === "plain" || !hasPage;
    plain.hidden = !isPlain;
    frame.hidden = isPlain;
    frame.classList.toggle("is-phone", width === "phone");
  };

  const look = async () => {
    const mine = ++asked;
    const data = new FormData();
    data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const part of parts) data.set(part.dataset.letter, part.value);
    const answer = await fetch(shown.dataset.preview, { method: "POST", body: data }).catch(() => null);
    if (mine !== asked) return;
    if (!answer?.ok) {
      told.textContent = "It cannot be shown just now. What you write is still here.";
      return;
    }
    const { subject, text, page, why, of } = await answer.json();
    told.textContent = why || of;
    told.classList.toggle("tx-told-wrong", Boolean(why));
    shown.querySelector("[data-subject]").textContent = subject;
    plain.textContent = text;
    hasPage = Boolean(page);
    if (hasPage && frame.srcdoc !== page) frame.srcdoc = page;
    show();
  };

  for (const part of parts) {
    part.addEventListener("input", () => {
      clearTimeout(planned);
      planned = setTimeout(look, PAUSE);
    });
  }
  for (const button of shown.querySelectorAll("[data-width]")) {
    button.addEventListener("click", () => {
      width = button.dataset.width;
      for (const one of shown.querySelectorAll("[data-width]")) one.setAttribute("aria-pressed", String(one === button));
      show();
    });
  }
  look();
}

// Where the cursor was last, in the subject or in the text.
let last = parts.at(-1);
for (const part of parts) part.addEventListener("focus", () => (last = part));
for (const button of document.querySelectorAll("[data-name]")) {
  if (!form) button.disabled = true;
  button.addEventListener("click", () => {
    last.focus();
    last.setRangeText(`{${button.dataset.name}}`, last.selectionStart, last.selectionEnd, "end");
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
