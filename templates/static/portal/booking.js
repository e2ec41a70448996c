// Brings the chosen day into view in the row of days, and marks times that somebody takes meanwhile.

import { live } from "../messaging/live.js";

const chosen = document.querySelector(".day[aria-current]");
if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - chosen.parentElement.offsetLeft - 16;

const root = document.querySelector("[data-times]");
const form = root?.querySelector("form[data-slot]");
let wasOpen = false, leaving = false;

function mark(link, free) {
  if (free === link.hasAttribute("href")) return;
  link.classList.toggle("gone", !free);
  link.querySelector("[data-gone]")?.remove();
  if (free) {
    link.setAttribute("href", link.dataset.href);
    for (const name of ["role", "aria-disabled", "tabindex"]) link.removeAttribute(name);
    return;
  }
  link.dataset.href = link.getAttribute("href");
  link.removeAttribute("href");
  // It stays where the keyboard is, and says what happened.
  for (const [name, value] of [["role", "link"], ["aria-disabled", "true"], ["tabindex", "0"]]) link.setAttribute(name, value);
  const said = document.createElement("span");
  said.dataset.gone = "";
  said.className = "zone";
  said.textContent = " taken";
  link.append(said);
}

function show({ slot, free }) {
  const link = root.querySelector(`.time[data-slot="${slot}"]`);
  if (link) mark(link, free);
  if (form?.dataset.slot !== slot || leaving) return; // whom we send the form to tells of it too
  root.querySelector("[data-taken]").hidden = free;
  form.querySelector("button[type='submit']").disabled = !free;
}

// After a break of the line: what is free now, of what we show.
async function look() {
  const answer = await fetch(location.href, { headers: { "X-Refresh": "times" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const { dataset } of root.querySelectorAll("[data-slot]")) {
    show({ slot: dataset.slot, free: fresh.querySelector(`[data-slot="${dataset.slot}"]`) !== null });
  }
}

if (root) {
  form?.addEventListener("submit", () => (leaving = true));
  live(root.dataset.eventsUrl, "").listen({
    event(kind, data) {
      if (kind === "times") data.forEach(show);
    },
    catchUp() {
      if (wasOpen) look();
      wasOpen = true;
    },
  });
}
