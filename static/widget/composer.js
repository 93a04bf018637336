/** Where the visitor writes. */

import { filled } from "./thread.js";

/**
 * @typedef {object} ComposerOptions
 * @property {Record<string, any>} words
 * @property {() => number} limit of characters
 * @property {(text: string, email: string) => void} onWrite
 * @property {(text: string) => void} onTyping
 *
 * @typedef {object} Composer
 * @property {() => void} focus
 * @property {(draft: string) => void} fill an empty box
 * @property {(show: boolean) => void} askEmail
 */

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);

/**
 * @param {ComposerOptions} options
 * @returns {Composer}
 */
export function createComposer({ words, limit, onWrite, onTyping }) {
  const form = /** @type {HTMLFormElement} */ (find("composer"));
  const text = /** @type {HTMLTextAreaElement} */ (find("text"));
  const email = /** @type {HTMLInputElement} */ (find("email"));
  const problem = /** @type {HTMLElement} */ (find("problem"));
  let given = "";

  function grow() {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  }

  /** @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} message */
  function complain(field, message) {
    problem.textContent = message;
    field.setAttribute("aria-invalid", String(Boolean(message)));
    return Boolean(message);
  }

  function tooLong() {
    // The server counts characters, not UTF-16 units.
    const { length } = [...text.value];
    return complain(text, length > limit() ? filled(words.too_long, { limit: limit(), length }) : "");
  }

  text.oninput = () => {
    grow();
    tooLong();
    onTyping(text.value);
  };
  text.onkeydown = (event) => {
    // 229: an input method is at work, and Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const address = find("mail").hidden ? "" : email.value.trim();
    if (complain(email, address && !email.checkValidity() ? words.bad_email : "")) return email.focus();
    // An address alone is worth sending, too, once there is something to answer.
    const written = text.value.trim().replaceAll("\0", "") || (address === given ? "" : address);
    if (!written || tooLong()) return text.focus();
    text.value = "";
    grow();
    onWrite(written, address === given ? "" : address);
    if (address) given = address;
    text.focus();
  };

  return {
    focus: () => text.focus(),
    fill(draft) {
      // Whoever was quicker than the scripts keeps what they wrote.
      text.value ||= draft;
      grow();
    },
    askEmail(show) {
      find("mail").hidden = !show || (Boolean(given) && email !== document.activeElement);
    },
  };
}
