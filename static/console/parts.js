/** The page's markup as the scripts use it: `data-part` names a part, `<template data-template>` holds what is cloned. */

/**
 * @param {ParentNode} root @param {string} name
 * @returns {HTMLElement | null}
 */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/**
 * Like `part`, for parts that the markup always has.
 * @param {ParentNode} root @param {string} name
 * @returns {HTMLElement}
 */
export function need(root, name) {
  const found = part(root, name);
  if (!found) throw new Error(`The page has no part "${name}".`);
  return found;
}

/**
 * A copy of the first element of a template.
 * @param {string} name
 * @returns {HTMLElement}
 */
export function copyOf(name) {
  const template = /** @type {HTMLTemplateElement | null} */ (
    document.querySelector(`template[data-template="${name}"]`)
  );
  const first = template?.content.firstElementChild;
  if (!first) throw new Error(`The page has no template "${name}".`);
  return /** @type {HTMLElement} */ (first.cloneNode(true));
}

/**
 * Sets a text only where it differs, so that nothing is announced or selected anew.
 * @param {HTMLElement | null} element @param {string} text
 */
export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/**
 * Shows what a state has: `data-when="queued missed"`.
 * @param {ParentNode} root @param {string} state
 */
export function showFor(root, state) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-when]"))) {
    element.hidden = !(element.dataset.when ?? "").split(" ").includes(state);
  }
}
