// The page of an import while a worker has it: how far it is, and a fresh page when it is done.

import { live } from "../messaging/live.js";

const root = document.querySelector("[data-import]");
const bar = root.querySelector("progress");
const told = root.querySelector("[data-told]");
let asking;

function show({ status, progress, expected }) {
  if (status !== root.dataset.status && !(status === "reading" && root.dataset.status === "received")) {
    return window.location.reload();
  }
  if (status === "approved") return;
  if (!expected) {
    if (progress) told.textContent = `${progress.toLocaleString()} lines so far`;
    return;
  }
  bar.max = expected;
  bar.value = progress;
  told.textContent = `${progress.toLocaleString()} of ${expected.toLocaleString()} lines`;
}

const line = live(root.dataset.eventsUrl, root.dataset.lastEvent);
line.listen({
  event(kind, data) {
    if (kind === "import" && data.import === root.dataset.import) this.catchUp();
  },
  // One question at a time: what is told says only that something changed.
  async catchUp() {
    if (asking) return;
    asking = true;
    const answer = await fetch(root.dataset.progressUrl).catch(() => null);
    asking = false;
    if (answer?.redirected || answer?.status === 401) line.signedOut();
    else if (answer?.ok) show(await answer.json());
  },
});
setInterval(() => document.visibilityState === "visible" && line.catchUp(), 5000);
