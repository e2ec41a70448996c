// A record that is open outside one's care for half an hour: its pages do not stay on the screen for longer.

let isTyped = false;
document.addEventListener("input", () => { isTyped = true; });

const leave = (banner) => {
  if (!isTyped) {
    window.location.replace(window.location.href.split("#")[0]);  // asked anew, never sent again
    return;
  }
  // Something is being typed, perhaps about somebody else: it is not thrown away.
  banner.querySelector("strong").textContent = "The record is closed to you now. Save what you typed, then load this page again.";
};

for (const banner of document.querySelectorAll(".opened-record[data-until]")) {
  const left = Date.parse(banner.dataset.until) - Date.now();
  window.setTimeout(() => leave(banner), Math.max(left, 0) + 1000);
}
