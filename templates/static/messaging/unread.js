// How much is unread in all conversations, at the tab that leads to them. Pages that hear of it say so by an event.

const badge = document.querySelector("[data-unread-total]");

function show(total) {
  badge.hidden = total === 0;
  badge.querySelector("[data-total]").textContent = total;
}

async function ask() {
  const response = await fetch(badge.dataset.url, { headers: { Accept: "application/json" } }).catch(() => null);
  if (response?.ok) show((await response.json()).total);
}

if (badge) document.addEventListener("unread", (event) => (event.detail === null ? ask() : show(event.detail)));
