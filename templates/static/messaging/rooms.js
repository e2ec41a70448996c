// Keeps the unread counts of a list of conversations true.

import { live } from "./live.js";

const list = document.querySelector("[data-rooms]");

async function refresh(line) {
  const response = await fetch(list.dataset.unreadUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  if (response?.status === 401) return line.signedOut();
  if (!response?.ok) return;
  const { rooms, total } = await response.json();
  document.dispatchEvent(new CustomEvent("unread", { detail: total }));
  for (const badge of list.querySelectorAll("[data-unread]")) {
    const count = rooms[badge.dataset.unread] ?? 0;
    badge.hidden = count === 0;
    badge.querySelector("[data-count]").textContent = count;
  }
}

if (list) {
  const line = live(list.dataset.eventsUrl, list.dataset.lastEvent);
  let soon;
  const event = (kind) => {
    if (!["message", "read", "room"].includes(kind)) return; // who writes and who calls changes no count
    clearTimeout(soon);
    soon = setTimeout(() => refresh(line), 200); // several at once are asked about once
  };
  line.listen({ event, catchUp: () => refresh(line) });
}
