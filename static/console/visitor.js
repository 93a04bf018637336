/** The right pane: beside the thread where there is room, above it where there is not. */

import { refreshTimes } from "../js/times.js";
import { part } from "./parts.js";

/** @param {HTMLElement} inbox @param {HTMLElement} thread @param {HTMLElement} pane */
export function createVisitor(inbox, thread, pane) {
  const opener = part(thread, "details");

  /** @param {boolean} open */
  function show(open) {
    inbox.toggleAttribute("data-details", open);
    opener?.setAttribute("aria-expanded", String(open));
    if (open) pane.focus();
    else opener?.focus();
  }

  opener?.setAttribute("role", "button");
  opener?.setAttribute("aria-expanded", "false");
  opener?.addEventListener("click", (event) => {
    event.preventDefault();
    show(!inbox.hasAttribute("data-details"));
  });
  part(pane, "details-close")?.addEventListener("click", (event) => {
    event.preventDefault();
    show(false);
  });
  pane.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  });
  refreshTimes(/** @type {any} */ (pane));
}
