/** Toasts: a word on what has just happened. Good news leaves by itself, an error stays until it is closed. */

import { icon } from "./drawing.js";

/** @typedef {"info" | "positive" | "warning" | "danger"} Tone */

const STAYS = 6000;
const ICONS = { info: "info", positive: "circle-check", warning: "triangle-alert", danger: "circle-alert" };

/** @param {HTMLElement} toast */
function leaveLater(toast) {
  if (toast.dataset.toast === "danger" || toast.dataset.toast === "warning") {
    return;
  }
  let timer = setTimeout(() => toast.remove(), STAYS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = setTimeout(() => toast.remove(), STAYS);
  });
}

/**
 * @param {{text: string, tone?: Tone, action?: {label: string, run: () => void}}} options
 * @returns {() => void} takes it away
 */
export function showToast({ text, tone = "info", action }) {
  const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-toasts]"));
  const toast = document.createElement("div");
  toast.className = `toast ${tone}`;
  toast.dataset.toast = tone;
  if (tone === "danger") {
    toast.setAttribute("role", "alert");
  }
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(icon(ICONS[tone]), words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      toast.remove();
      action.run();
    });
    toast.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button quiet small icon-only";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", place?.dataset.closeLabel ?? "");
  close.append(icon("x"));
  toast.append(close);
  place?.append(toast);
  leaveLater(toast);
  return () => toast.remove();
}

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-toast-close]");
  button?.closest("[data-toast]")?.remove();
});

for (const toast of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-toast]"))) {
  leaveLater(toast);
}
