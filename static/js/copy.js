/** `data-copy`: a code block whose button puts its text on the clipboard. Without clipboard access it selects the text instead. */

/** @param {HTMLElement} block */
async function copy(block) {
  const code = block.querySelector("code");
  const button = /** @type {HTMLElement | null} */ (block.querySelector("[data-copy-button]"));
  if (!code || !button) {
    return;
  }
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
  } catch {
    getSelection()?.selectAllChildren(code);
    return;
  }
  const words = button.querySelector("span");
  if (words && !button.dataset.words) {
    button.dataset.words = words.textContent ?? "";
    words.textContent = block.dataset.done ?? "";
    setTimeout(() => {
      words.textContent = button.dataset.words ?? "";
      delete button.dataset.words;
    }, 2000);
  }
}

for (const button of document.querySelectorAll("[data-copy-button]")) {
  button.removeAttribute("hidden");
}

document.addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("[data-copy-button]");
  const block = /** @type {HTMLElement | null} */ (button?.closest("[data-copy]"));
  if (block) {
    copy(block);
  }
});
