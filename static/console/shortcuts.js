/** Single keys for those who never leave the keyboard. Never with a modifier: AltGr types letters on many layouts. */

/** @param {EventTarget | null} target */
function isWriting(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/**
 * @param {Record<string, () => unknown>} keys what each key does; `Escape` also works while writing
 */
export function listenForKeys(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.getModifierState("AltGraph")) return;
    if (document.querySelector("dialog[open]")) return;
    const action = keys[event.key];
    if (!action || (isWriting(event.target) && event.key !== "Escape")) return;
    event.preventDefault();
    action();
  });
}
