// Shows how long is left. The page says until when without it; at the end it asks the server again.
"use strict";

const pad = (number) => String(number).padStart(2, "0");

function left(seconds) {
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours}:${pad(minutes)}:${pad(seconds % 60)}`;
  return `${minutes}:${pad(seconds % 60)}`;
}

// Said once, when two minutes are left, by whatever reads the page out.
function tell() {
  document.querySelectorAll("[data-ending]").forEach((line) => {
    line.textContent ||= line.dataset.ending;
  });
}

function run(clock) {
  const until = Date.parse(clock.dataset.until);
  const began = Date.now();
  const row = clock.closest(".countdown");
  clock.hidden = false;
  row.querySelector("[data-words]")?.remove();
  // Read out once a minute at most: a timer that speaks every second cannot be listened to.
  clock.setAttribute("aria-hidden", "true");
  const tick = () => {
    const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
    clock.textContent = seconds > 0 ? left(seconds) : clock.dataset.over || "Now";
    row.classList.toggle("ending", Boolean(clock.dataset.over) && seconds > 0 && seconds <= 300);
    if (clock.dataset.over && seconds > 0 && seconds <= 120) tell();
    row.classList.toggle("over", Boolean(clock.dataset.over) && seconds === 0);
    if (seconds > 0) return;
    window.clearInterval(timer);
    if (until > began) window.setTimeout(() => window.location.reload(), 2000);
  };
  const timer = window.setInterval(tick, 1000);
  tick();
}

document.querySelectorAll("time[data-until]").forEach(run);
