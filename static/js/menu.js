/** `<details class="menu">`: one open at a time, closed by Escape, a click elsewhere or a choice; arrow keys move inside. */

const OPEN = "details.menu[open]";

/** @param {Element} menu */
function itemsOf(menu) {
  return /** @type {HTMLElement[]} */ ([...menu.querySelectorAll(":scope > div :is(a, button):not([disabled])")]);
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  for (const menu of document.querySelectorAll(OPEN)) {
    if (!menu.contains(target) || target.closest("details.menu > div :is(a, button)")) {
      menu.removeAttribute("open");
    }
  }
});

document.addEventListener("keydown", (event) => {
  const menu = /** @type {Element} */ (event.target).closest(OPEN) ?? document.querySelector(OPEN);
  if (!menu) {
    return;
  }
  if (event.key === "Escape") {
    menu.removeAttribute("open");
    menu.querySelector("summary")?.focus();
    event.stopPropagation();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && menu.contains(/** @type {Element} */ (event.target))) {
    const items = itemsOf(menu);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length;
    items[next]?.focus();
    event.preventDefault();
  }
});
