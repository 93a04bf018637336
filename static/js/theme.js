/** `data-theme-choice` on a select or radio: the page follows the choice at once; the form saves it. */

document.addEventListener("change", (event) => {
  const field = /** @type {HTMLInputElement | HTMLSelectElement} */ (event.target);
  if (field.closest("[data-theme-choice]") && field.value) {
    document.documentElement.dataset.theme = field.value;
  }
});
