/** What people wrote, as nodes: text stays text, and only web and mail addresses become links. */

const ADDRESS = /\b(?:https?:\/\/|mailto:)[^\s<>"']+/gi;
const SAFE = ["http:", "https:", "mailto:"];

/**
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function linked(text) {
  const nodes = document.createDocumentFragment();
  let done = 0;
  for (const found of text.matchAll(ADDRESS)) {
    // A full stop or a bracket behind an address belongs to the sentence.
    const address = found[0].replace(/[.,;:!?)\]}]+$/, "");
    if (!isSafe(address)) continue;
    const link = document.createElement("a");
    link.href = address;
    link.textContent = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    nodes.append(text.slice(done, found.index), link);
    done = found.index + address.length;
  }
  nodes.append(text.slice(done));
  return nodes;
}

/** @param {string} address */
function isSafe(address) {
  try {
    const url = new URL(address);
    return SAFE.includes(url.protocol) && url.pathname + url.host !== "";
  } catch {
    return false;
  }
}
