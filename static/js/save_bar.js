/** `<form data-save-bar>`: its bar shows when something differs from what the server sent, and leaving the page asks first. */

/** @type {Map<HTMLFormElement, string>} */
const first = new Map();

/** @param {HTMLFormElement} form */
function contentOf(form) {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  return JSON.stringify(fields.map(([name, value]) => [name, value instanceof File ? value.name : value]));
}

/** @param {HTMLFormElement} form */
function look(form) {
  // A form that came back with errors holds what nobody has saved.
  const changed = form.querySelector(".errorlist") !== null || contentOf(form) !== first.get(form);
  form.dataset.state = changed ? "changed" : "clean";
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-save-bar]"))) {
  first.set(form, contentOf(form));
  look(form);
  form.addEventListener("input", () => look(form));
  form.addEventListener("change", () => look(form));
  form.addEventListener("reset", () => setTimeout(() => look(form)));
  form.addEventListener("submit", () => {
    form.dataset.state = "leaving";
  });
}

addEventListener("beforeunload", (event) => {
  if ([...first.keys()].some((form) => form.dataset.state === "changed")) {
    event.preventDefault();
  }
});
