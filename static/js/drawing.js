/** Icons and avatars made by script, by the same rules as `parts/icon.html` and `templatetags/parts.py`. */

const SVG = "http://www.w3.org/2000/svg";
const HUES = 12;

/**
 * @param {string} name one of static/icons/names.txt
 * @param {string} [more] further classes
 * @returns {SVGSVGElement}
 */
export function icon(name, more = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${more}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.sprite}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {string | number} key the id that chooses the hue
 * @returns {number}
 */
export function hueOf(key) {
  return [...String(key)].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0) % HUES;
}

/**
 * @param {string} name
 * @returns {string}
 */
export function initialsOf(name) {
  const words = name.split(/\s+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return (
    ends
      .map((word) => [...word][0])
      .join("")
      .toUpperCase() || "?"
  );
}

/**
 * @param {{name: string, key: string | number, size?: string, state?: string}} options
 * @returns {HTMLSpanElement}
 */
export function avatar({ name, key, size = "", state = "" }) {
  const face = document.createElement("span");
  face.className = `avatar ${size}`.trim();
  face.dataset.hue = String(hueOf(key));
  face.setAttribute("aria-hidden", "true");
  face.textContent = initialsOf(name);
  if (state) {
    const dot = document.createElement("span");
    dot.className = "dot";
    dot.dataset.state = state;
    face.append(dot);
  }
  return face;
}
