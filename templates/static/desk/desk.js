// What Unfold's pages leave out: names and keys for its clickable signs, and chart letters one can read.

"use strict";

(() => {
  const root = document.documentElement;
  const nextFrame = (work) => window.requestAnimationFrame(work);

  const colourCharts = () => {
    if (!window.Chart) return;
    const shade = root.classList.contains("dark") ? "--color-base-300" : "--color-base-600";
    window.Chart.defaults.color = getComputedStyle(root).getPropertyValue(shade).trim();
    for (const chart of Object.values(window.Chart.instances)) chart.update();
  };

  // [what, its name]: signs that only a mouse could press, and fields that only say what they are by a picture.
  const NAMES = [
    ["#header-inner span.material-symbols-outlined[x-on\\:click*='sidebarDesktopOpen']", "Show or hide the menu"],
    ["#header-inner span.material-symbols-outlined[x-on\\:click*='sidebarMobileOpen']", "Open the menu"],
    ["#nav-sidebar span.material-symbols-outlined[x-on\\:click*='sidebarMobileOpen']", "Close the menu"],
    ["#nav-sidebar [x-on\\:click*='openUserLinks = !openUserLinks']", "Your account"],
    ["#nav-sidebar a[x-on\\:click*='switchTheme']", ""],
    ["#command-submit", "Search"],
    ["#search-input-command", "Search pages and records"],
    ["#searchbar-submit", "Search"],
    ["#searchbar", "Search this list"],
    ["#header-inner a[href='#'][x-on\\:click*='showActions']", "More actions"],
    ["#action-toggle", "Select all rows"],
    [".action-select", "Select this row"],
    ["select[name='action']", "Action"],
    ["#changelist-filter-close", "Close the filters"],
    ["#dialog > div[x-on\\:click*='openModal = false']", "Close"],
    ["span[x-ref^='rowDropdown']", "What to do with this row"],
  ];

  const name = (element, label) => {
    const ownName = element.getAttribute("aria-label") || element.labels?.length;
    if (label && !ownName) element.setAttribute("aria-label", label);
    if (element.matches("button, input, select, a[href]")) return;
    element.setAttribute("role", "button");
    element.tabIndex = 0;
  };

  // Scrolling parts are landmarks of SimpleBar's, all of the same name.
  const REGIONS = [["#nav-sidebar", "Menu"], ["#changelist-filter", "Filters"], ["[x-data='searchCommand()']", "Search results"]];

  const nameRegions = () => {
    for (const [index, region] of document.querySelectorAll(".simplebar-content-wrapper").entries()) {
      const known = REGIONS.find(([selector]) => region.closest(selector));
      region.setAttribute("aria-label", known ? known[1] : `Scrolling part ${index + 1}`);
    }
  };

  // Select2 puts a field of its own in place of a list, and forgets what the list's label said.
  const nameChoices = () => {
    for (const list of document.querySelectorAll("select.select2-hidden-accessible")) {
      const label = list.labels?.[0]?.textContent.replace("*", "").trim();
      const parts = list.nextElementSibling?.querySelectorAll("[role='combobox'], [role='textbox']") ?? [];
      for (const part of label ? parts : []) {
        part.setAttribute("aria-label", label);
        if (part.hasAttribute("aria-owns")) part.setAttribute("aria-controls", part.getAttribute("aria-owns"));
      }
    }
    for (const field of document.querySelectorAll(".select2-search__field")) field.setAttribute("aria-label", "Search");
  };

  const mend = () => {
    nameRegions();
    nameChoices();
    for (const [selector, label] of NAMES) {
      for (const element of document.querySelectorAll(selector)) name(element, label);
    }
    for (const sign of document.querySelectorAll(".material-symbols-outlined:not([role]):not([aria-hidden])")) {
      sign.setAttribute("aria-hidden", "true");
    }
    for (const dialog of document.querySelectorAll("#dialog:not([role])")) {
      const title = dialog.querySelector("h1")?.textContent.trim() ?? "";
      for (const [key, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", title]]) dialog.setAttribute(key, value);
    }
    // Above a column Django writes its name large, beside a cell on a phone Unfold does not.
    for (const { dataset } of document.querySelectorAll("#result_list [data-label]")) {
      dataset.label = dataset.label.charAt(0).toUpperCase() + dataset.label.slice(1);
    }
  };

  const landmarks = () => {
    document.getElementById("main")?.setAttribute("role", "main");
    const palette = document.querySelector("[x-data='searchCommand()']");
    for (const [key, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", "Search"]]) palette?.setAttribute(key, value);
    document.getElementById("nav-sidebar-inner")?.setAttribute("aria-label", "Practice desk");
    if (!document.getElementById("main")) return;
    const skip = document.createElement("a");
    skip.className = "desk-skip";
    skip.href = "#main";
    skip.textContent = "Skip to the page";
    document.getElementById("main").tabIndex = -1;
    document.body.prepend(skip);
  };

  // A dialog has the keyboard while it is open, and gives it back to the button that opened it.
  let opener = null;
  const FIELDS = "input:not([type='hidden']), select, textarea";
  const inDialog = (which) => [...document.querySelectorAll("#dialog")].flatMap(
    (dialog) => [...dialog.querySelectorAll(which)].filter((each) => each.getClientRects().length > 0),
  );
  const enterDialog = (tries = 20) => {
    const [first] = [...inDialog("[aria-invalid='true']"), ...inDialog(FIELDS), ...inDialog("h2")];
    if (first) first.focus();
    else if (tries > 0) nextFrame(() => enterDialog(tries - 1));  // Alpine shows it a moment after it came
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "modal-content") opener = event.detail.elt;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (["modal-content", "dialog-form"].includes(event.target.id)) enterDialog();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || inDialog("h2").length === 0) return;
    const stops = inDialog(`a[href], button, ${FIELDS}`);
    const at = stops.indexOf(document.activeElement);
    const leaves = event.shiftKey ? at <= 0 : at === stops.length - 1;
    if (!leaves) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0)?.focus();
  });
  const watchDialog = () => {
    const overlay = document.getElementById("modal-overlay");
    const back = () => {
      if (!opener || overlay.getClientRects().length > 0 || inDialog("h2").length > 0) return;
      opener.focus();
      opener = null;
    };
    if (overlay) new MutationObserver(() => nextFrame(back)).observe(overlay, { attributes: true, attributeFilter: ["style"] });
  };

  document.addEventListener("keydown", (event) => {
    const pressed = event.key === "Enter" || event.key === " ";
    if (pressed && event.target.matches?.("[role='button']:not(button)")) {
      event.preventDefault();
      event.target.click();
    }
  });
  // Whoever signs out leaves no copy of a draft behind (copies.js); a window that has it open lets go.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.getAttribute("action")?.endsWith("/logout/") || form.dataset.leaving) return;
    event.preventDefault();
    form.dataset.leaving = "yes";
    const leave = () => form.submit();
    const gone = window.indexedDB?.deleteDatabase("promedicine-drafts");
    if (!gone) return leave();
    gone.onsuccess = gone.onerror = leave;
    setTimeout(leave, 1000);
  });

  window.addEventListener("DOMContentLoaded", () => { landmarks(); watchDialog(); mend(); });
  window.addEventListener("load", () => {
    colourCharts();
    mend();
    const jQuery = window.django?.jQuery;
    jQuery?.(nameChoices); // behind Django's own, which puts Select2 there and may come after "load"
    jQuery?.(document).on("select2:open", nameChoices); // its search field comes only now
  });
  document.addEventListener("htmx:afterSettle", mend);
  new MutationObserver(() => nextFrame(colourCharts)).observe(root, { attributes: true, attributeFilter: ["class"] });
})();
