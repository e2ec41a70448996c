// A visit's page says where the visit stands while it is open: who came in, whose turn it is, what was called off.

import { live } from "../messaging/live.js";

const root = document.querySelector("[data-visits]");
let wasOpen = false, asked = 0;

async function look() {
  const mine = ++asked;
  const answer = await fetch(location.href, { headers: { "X-Refresh": "visit" } }).catch(() => null);
  if (!answer?.ok || answer.redirected || mine !== asked) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-visits]");
  const now = fresh?.dataset.visits ?? "";
  if (now === root.dataset.visits) return;
  root.dataset.visits = now;
  root.replaceChildren(...(fresh?.childNodes ?? []));
  document.querySelector("[data-told]").textContent = root.querySelector("h2")?.textContent ?? "";
}

live(root.dataset.eventsUrl, "").listen({
  event(kind) {
    if (kind === "visit") look();
  },
  catchUp() {
    if (wasOpen) look(); // what the page shows is as new as its first connection
    wasOpen = true;
  },
});
