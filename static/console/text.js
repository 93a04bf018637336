/** Texts of people, drawn safely. The rule for links is that of `chats/templatetags/texts.py`; one list of cases tests both. */

const LINK = /(?:https?:\/\/|mailto:)[^\s<>"'`\\]+/gi;
const TRAILING = ".,;:!?*_~";
/** @type {Record<string, string>} */
const PAIRS = { ")": "(", "]": "[", "}": "{" };
const BARE = ["http://", "https://", "http:", "https:", "mailto:", "http", "https", "mailto"];

/** @param {string} text @param {string} character */
const count = (text, character) => text.split(character).length - 1;

/** Brackets are counted once: a text of nothing but brackets would otherwise be counted again for each of them.
 * @param {string} found */
function withoutTail(found) {
  let end = found.length;
  /** @type {Record<string, number>} */
  const extra = {};
  for (const [closer, opener] of Object.entries(PAIRS)) extra[closer] = count(found, closer) - count(found, opener);
  while (end) {
    const last = found[end - 1];
    if ((extra[last] ?? 0) > 0) extra[last] -= 1;
    else if (!TRAILING.includes(last)) break;
    end -= 1;
  }
  return found.slice(0, end);
}

/**
 * The text as nodes; http, https and mailto addresses are links, everything else is plain.
 * @param {string} text
 */
export function linked(text) {
  const nodes = document.createDocumentFragment();
  let position = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTail(match[0]);
    if (BARE.includes(address.toLowerCase())) continue;
    nodes.append(text.slice(position, match.index));
    const link = document.createElement("a");
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow ugc";
    link.textContent = address;
    nodes.append(link);
    position = match.index + address.length;
  }
  nodes.append(text.slice(position));
  return nodes;
}

/**
 * A sentence with its gaps filled: `%(name)s`, `%(count)d`.
 * @param {string} sentence @param {Record<string, string | number>} [values]
 */
export function filled(sentence, values = {}) {
  return sentence.replace(/%\((\w+)\)[sd]/g, (_gap, name) => String(values[name] ?? "")).replaceAll("%%", "%");
}
