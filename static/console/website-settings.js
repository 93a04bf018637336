/** Pages of a website: the live preview with its contrast check, "is it installed?", and the reader's own time zone. */

const READABLE = 4.5;
const VISIBLE = 1.5;
const CHECK_EVERY = 4_000;

/** @param {string} colour `#rrggbb` */
function luminance(colour) {
  const [red, green, blue] = [1, 3, 5]
    .map((start) => Number.parseInt(colour.slice(start, start + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {string} one @param {string} other */
function ratio(one, other) {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

/** @param {HTMLFormElement} form */
function preview(form) {
  const box = /** @type {HTMLElement | null} */ (form.querySelector("[data-preview]"));
  const contrast = /** @type {HTMLElement | null} */ (form.querySelector("[data-contrast]"));
  if (!box || !contrast) return;
  /** @param {string} name */
  const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

  function draw() {
    const accent = field("accent").value;
    const white = ratio(accent, "#ffffff") >= READABLE;
    const text = white ? "#ffffff" : "#000000";
    box?.style.setProperty("--preview-accent", accent);
    box?.style.setProperty("--preview-on-accent", text);
    box?.setAttribute("data-position", field("position").value);
    write("[data-preview-title]", field("title").value || field("name").value);
    write("[data-preview-greeting]", field("greeting").value || field("greeting").placeholder);
    const said = (contrast?.dataset.words ?? "")
      .replace("{text}", (white ? contrast?.dataset.white : contrast?.dataset.black) ?? "")
      .replace("{ratio}", ratio(accent, text).toFixed(1));
    const pale = ratio(accent, "#ffffff") < VISIBLE ? ` ${contrast?.dataset.pale}` : "";
    if (contrast) contrast.textContent = said + pale;
  }

  /** @param {string} where @param {string} text */
  function write(where, text) {
    const node = box?.querySelector(where);
    if (node) node.textContent = text;
  }

  box.hidden = false;
  form.addEventListener("input", draw);
  form.addEventListener("reset", () => setTimeout(draw));
  draw();
}

/** Asks until a page with the widget was seen. @param {HTMLElement} section */
function watchInstall(section) {
  const before = section.dataset.seen ?? "";
  const state = section.querySelector("[data-install-state]");
  const found = /** @type {HTMLTemplateElement | null} */ (section.querySelector("[data-install-found]"));
  const timer = setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
      const { seen } = await answer.json();
      if (!seen || (before && new Date(seen.at) <= new Date(before))) return;
      clearInterval(timer);
      if (found) state?.replaceChildren(found.content.cloneNode(true), seen.origin);
    } catch {
      // Asked again in a moment.
    }
  }, CHECK_EVERY);
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-website-settings]"));
if (form) preview(form);
const section = /** @type {HTMLElement | null} */ (document.querySelector("[data-install-check]"));
if (section) watchInstall(section);
// A new workspace begins in the time zone of whoever makes it.
const zone = /** @type {HTMLSelectElement | null} */ (document.querySelector("#id_time_zone"));
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !form && zone.value === "UTC" && [...zone.options].some((option) => option.value === here))
  zone.value = here;
