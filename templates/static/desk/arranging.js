// The tree of pages and the menus: dragged, or moved by buttons, and kept at once.

import { draggable } from "./dragging.js";

const told = document.querySelector("[data-said]");
const why = document.querySelector("[data-why]");
const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;

function* rows(list, parent = "") {
  for (const item of list.children) {
    yield { id: item.dataset.item, parent };
    const below = item.querySelector(":scope > ol");
    if (below) yield* rows(below, item.dataset.item);
  }
}

async function keep(tree) {
  const data = new FormData();
  data.set("csrfmiddlewaretoken", token);
  data.set("order", JSON.stringify([...rows(tree)]));
  data.set("place", tree.dataset.place ?? "");
  const answer = await fetch(tree.dataset.arrange, { method: "POST", body: data }).catch(() => null);
  if (answer?.ok) {
    why.hidden = true;
    told.textContent = "The new order is kept.";
    const { addresses = {} } = await answer.json();
    for (const item of tree.querySelectorAll("[data-item]")) {
      const address = item.querySelector("[data-address]");
      if (address) address.textContent = addresses[item.dataset.item] ?? "";
    }
    return;
  }
  const said = answer ? await answer.json().catch(() => ({})) : {};
  why.textContent = `${said.why ?? "The order could not be kept just now."} Reload the page to see how it is.`;
  why.hidden = false;
}

const moves = {
  up: (item) => item.previousElementSibling?.before(item) ?? item.previousElementSibling,
  down: (item) => item.nextElementSibling?.after(item),
  out: (item) => item.parentElement.closest("[data-item]")?.after(item),
  in: (item) => item.previousElementSibling?.querySelector(":scope > ol")?.append(item),
};

for (const tree of document.querySelectorAll("[data-arrange]")) {
  const into = "depth" in tree.dataset ? (item) => item.querySelector(":scope > ol") : null;
  draggable(tree, { items: "[data-item]", done: () => keep(tree), into });
  tree.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-move]");
    if (!button) return;
    moves[button.dataset.move](button.closest("[data-item]"));
    button.focus();
    keep(tree);
  });
}
