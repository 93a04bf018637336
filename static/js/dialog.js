/** `data-dialog="id"` opens that `<dialog>`; `data-dialog-close` or a click beside it closes it. The browser gives focus back. */

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const opener = /** @type {HTMLElement | null} */ (target.closest("[data-dialog]"));
  const found = opener && document.getElementById(opener.dataset.dialog ?? "");
  if (found instanceof HTMLDialogElement) {
    event.preventDefault();
    found.showModal();
    return;
  }
  const open = target.closest("dialog");
  if (open && (target.closest("[data-dialog-close]") || (target === open && isBeside(open, event)))) {
    open.close();
  }
});

/**
 * The dialog's own padding is the dialog too; only the backdrop lies outside its box.
 * @param {HTMLDialogElement} dialog
 * @param {MouseEvent} event
 */
function isBeside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
