// The day stays true while it is looked at: waiting times run, and who came in shows up.

import { live } from "../messaging/live.js";

const LONG = 10; // minutes of waiting that stand out
const AGAIN = 30_000; // milliseconds between looks at the list, whatever is heard
const SOON = 500; // and until the look at what was heard of, so that many changes are one look

function tick() {
  for (const told of document.querySelectorAll("[data-since]")) {
    const minutes = Math.max(0, Math.floor((Date.now() - new Date(told.dataset.since)) / 60_000));
    const hours = Math.floor(minutes / 60);
    told.textContent = `waiting ${hours ? `${hours} h ` : ""}${minutes % 60} min`;
    told.classList.toggle("is-long", minutes >= LONG);
  }
}

async function look() {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.href, { headers: { "X-Refresh": "day" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-day-part]")) {
    const now = fresh.querySelector(`[data-day-part="${part.dataset.dayPart}"]`);
    if (!now || part.contains(document.activeElement) || now.textContent === part.textContent) continue;
    part.replaceWith(now);
    window.htmx?.process(now);
  }
  tick();
}

let planned;
function soon() {
  planned ??= setTimeout(() => {
    planned = undefined;
    look();
  }, SOON * (1 + Math.random()));
}

const root = document.querySelector("[data-day]");
let wasOpen = false;
live(root.dataset.eventsUrl, "").listen({
  event(kind, data) {
    // The news of the day are those of the whole practice; a doctor looks for their own.
    const own = kind !== "day" || !root.dataset.doctor || data.some(({ doctor }) => doctor === root.dataset.doctor);
    if (own && !["presence", "call", "signal"].includes(kind)) soon();
  },
  catchUp() {
    if (wasOpen) soon(); // what the page shows is as new as its first connection
    wasOpen = true;
  },
});

tick();
setInterval(tick, 15_000);
setInterval(look, AGAIN);
