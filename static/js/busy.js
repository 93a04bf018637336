/** A form is sent once: its button is busy until the next page is here. `data-again` on the form leaves it alone. */

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || form.method === "dialog" || "again" in form.dataset || form.target === "_blank") {
    return;
  }
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "true";
  const button = event.submitter ?? form.querySelector("button:not([type=button], [type=reset])");
  button?.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's memory must not come back busy.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    form.removeAttribute("data-sending");
  }
  for (const button of document.querySelectorAll("button[aria-busy=true]:not([data-keep-busy])")) {
    button.removeAttribute("aria-busy");
  }
});
