// Things in a list that are dragged by their handle.

export function draggable(list, { items, done, into }) {
  let held = null;
  list.addEventListener("pointerdown", ({ target }) => {
    const item = target.closest("[data-handle]")?.closest(items);
    if (item) item.draggable = true;
  });
  list.addEventListener("dragstart", (event) => {
    held = event.target.closest?.(items);
    if (!held?.draggable) return (held = null);
    event.stopPropagation();
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    held.classList.add("is-held");
  });
  list.addEventListener("dragover", (event) => {
    if (!held) return;
    event.preventDefault();
    const over = event.target.closest(items);
    if (!over || over === held || held.contains(over)) return;
    const box = over.getBoundingClientRect();
    const head = Math.min(box.height, 48);
    if (into && event.clientX - box.left > 96 && event.clientY - box.top < head && into(over)) {
      into(over).append(held);
    } else {
      over.parentElement.insertBefore(held, event.clientY - box.top > box.height / 2 ? over.nextSibling : over);
    }
  });
  list.addEventListener("dragend", () => {
    if (!held) return;
    held.draggable = false;
    held.classList.remove("is-held");
    const moved = held;
    held = null;
    done(moved);
  });
}
