/** `data-theme-choice` on a select, or around one: the page follows the choice at once; the form saves it. */

/** @param {Element | null} place */
function follow(place) {
  const select = place instanceof HTMLSelectElement ? place : place?.querySelector("select");
  if (select) {
    document.documentElement.dataset.theme = select.value;
  }
}

document.addEventListener("change", (event) => {
  follow(/** @type {Element} */ (event.target).closest("[data-theme-choice]"));
});

// A discarded choice is taken back, once the form has its old value again.
document.addEventListener("reset", (event) => {
  const form = /** @type {Element} */ (event.target);
  setTimeout(() => follow(form.querySelector("[data-theme-choice]")));
});
