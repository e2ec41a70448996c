// The panel of a patient's care: each form is sent by itself and the panel comes back, the page stays.

document.addEventListener("submit", async (event) => {
  const panel = event.target.closest("[data-care]");
  if (!panel) return;
  event.preventDefault();
  const form = event.target;
  const body = new FormData(form, event.submitter);
  const send = { method: "POST", body, headers: { "X-Part": "care" } };
  const answer = await fetch(form.action, send).catch(() => null);
  if (!answer || answer.redirected || ![200, 400].includes(answer.status)) {
    form.querySelector("[data-trouble]")?.remove();
    const trouble = document.createElement("p");
    trouble.className = "cs-error";
    trouble.role = "alert";
    trouble.dataset.trouble = "";
    trouble.textContent = answer ? "Not kept: you may be signed out. Sign in again in another window." : "Not kept: no connection. Please try again.";
    return form.append(trouble);
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-care]");
  panel.replaceWith(fresh);
  (fresh.querySelector(".cs-error[id]")?.closest("form")?.querySelector("input, select") ?? fresh.querySelector("[data-told]"))?.focus();
  document.dispatchEvent(new CustomEvent("care-changed"));
});
