// Asks where the appointment stands until the worker has confirmed the payment.
"use strict";

const waiting = document.querySelector("[data-waits-for]");
const FIRST_PAUSE = 1500;
const LONGEST_PAUSE = 10000;
const LONG = 30000;
const began = Date.now();

async function look(pause) {
  try {
    const answer = await fetch(waiting.dataset.waitsFor, { headers: { Accept: "application/json" } });
    if (answer.ok && (await answer.json()).status !== waiting.dataset.status) {
      window.location.reload();
      return;
    }
  } catch {
    // No connection just now: ask again below.
  }
  if (Date.now() - began > LONG) {
    waiting.querySelector("[data-told]").textContent = "This takes longer than usual. You need not wait here: your time is kept until we know.";
  }
  window.setTimeout(look, pause, Math.min(pause * 1.3, LONGEST_PAUSE));
}

window.setTimeout(look, FIRST_PAUSE, FIRST_PAUSE);
