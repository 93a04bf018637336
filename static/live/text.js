/** What people wrote, as nodes: text stays text, and only web and mail addresses become links. */

const ADDRESS = /\b(?:https?:\/\/|mailto:)[^\s<>"']+/gi;
const TRAILING = ".,;:!?)]}";
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
    const address = withoutTail(found[0]);
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

/** Step by step: an expression for "marks up to the end" tries anew at each of ten thousand full stops.
 * @param {string} found */
function withoutTail(found) {
  let end = found.length;
  while (end && TRAILING.includes(found[end - 1])) end -= 1;
  return found.slice(0, end);
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
