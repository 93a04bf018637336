/** The conversation as the visitor sees it. */

import { linked } from "../live/text.js";

/**
 * @typedef {import("../live/stream.js").Entry} Entry
 * @typedef {import("../live/outbox.js").Item} Item
 *
 * @typedef {object} ThreadOptions
 * @property {HTMLElement} log
 * @property {HTMLElement} scroll
 * @property {Record<string, any>} words
 * @property {(item: Item) => void} onRetry
 * @property {(item: Item) => void} onDrop
 *
 * @typedef {object} Thread
 * @property {(entries: Entry[]) => void} add
 * @property {(items: Item[]) => void} pending shows what has no number yet, behind all that has
 * @property {(n: number) => void} read the other side has read up to `n`
 * @property {(name: string | null) => void} typing
 * @property {() => void} clear
 * @property {() => void} follow scrolls to the end
 */

const GROUP = 180_000;
const NEAR = 80;

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** @param {Date} at */
const dayOf = (at) => at.toDateString();

/**
 * "today, 14:00", "Monday, 09:00", or with the date if it is more than six days off.
 * @param {Date} at @param {string} today
 */
export function soon(at, today) {
  const days = (at.getTime() - Date.now()) / 86_400_000;
  if (dayOf(at) === dayOf(new Date())) return `${today}, ${clock.format(at)}`;
  const day = days < 6 ? new Intl.DateTimeFormat(undefined, { weekday: "long" }) : date;
  return `${day.format(at)}, ${clock.format(at)}`;
}

/** @param {string} template @param {Record<string, string | number>} values */
export function filled(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => `${values[name] ?? ""}`);
}

/** @param {string} tag @param {string} className @param {...(Node | string)} content */
function element(tag, className, ...content) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...content);
  return made;
}

/**
 * @param {ThreadOptions} options
 * @returns {Thread}
 */
export function createThread({ log, scroll, words, onRetry, onDrop }) {
  /** Own messages by `cid`, so that one that was shown while it was sent becomes the stored one in its place.
   * @type {Map<string, HTMLElement>} */
  const mine = new Map();
  /** @type {Set<string>} */
  const waiting = new Set();
  const typingLine = /** @type {HTMLElement} */ (document.getElementById("typing"));
  /** @type {{author: string, at: Date} | undefined} */
  let previous;
  /** @type {{node: HTMLElement, n: number} | undefined} */
  let lastOwn;
  let readTo = 0;
  let stuck = true;
  // Whatever takes room from the thread (a keyboard, a question, a longer draft), its end stays in sight.
  scroll.onscroll = () => {
    stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  };
  new ResizeObserver(() => stuck && follow()).observe(scroll);

  function follow() {
    scroll.scrollTop = scroll.scrollHeight;
  }

  /** The first message that still waits: numbered entries stand before it. */
  const firstWaiting = () => log.querySelector(":scope > .waiting");

  /** @param {HTMLElement} node */
  function place(node) {
    const next = firstWaiting();
    if (node.nextSibling !== next || node.parentNode !== log) log.insertBefore(node, next === node ? null : next);
  }

  /** @param {string} who @param {Date} at @param {string} text @param {boolean} own */
  function message(who, at, text, own) {
    const time = element("time", "", clock.format(at));
    time.setAttribute("datetime", at.toISOString());
    time.title = at.toLocaleString();
    const bubble = element("p", "bubble", linked(text));
    bubble.dir = "auto";
    return element("div", own ? "msg own" : "msg", element("p", "who", element("span", "", who), time), bubble);
  }

  /** @param {HTMLElement} node @param {string} [text] @param {...HTMLElement} actions */
  function state(node, text, ...actions) {
    node.querySelector(".state")?.remove();
    if (text) node.append(element("p", "state", text, ...actions));
  }

  /** @param {string} label @param {() => void} act */
  function action(label, act) {
    const button = /** @type {HTMLButtonElement} */ (element("button", "", label));
    button.type = "button";
    button.onclick = act;
    return button;
  }

  function showRead() {
    if (lastOwn) state(lastOwn.node, lastOwn.n <= readTo ? words.read : words.sent);
  }

  /** @param {Entry} entry */
  function addEntry(entry) {
    const at = new Date(entry.at);
    const own = entry.author.type === "visitor";
    if (!previous || dayOf(previous.at) !== dayOf(at)) {
      place(element("p", "day", dayOf(at) === dayOf(new Date()) ? words.today : date.format(at)));
      previous = undefined;
    }
    if (entry.kind !== "text" && entry.kind !== "file") {
      const text = words[entry.kind];
      if (text) place(element("p", "event", filled(text, { name: entry.author.name })));
      previous = { author: "", at };
      return;
    }
    const author = `${entry.author.type} ${entry.author.name}`;
    const shown = own && entry.cid ? mine.get(entry.cid) : undefined;
    const node = shown ?? message(own ? words.you : entry.author.name, at, entry.text ?? "", own);
    const grouped = previous?.author === author && at.getTime() - previous.at.getTime() < GROUP;
    node.classList.remove("waiting", "failed");
    node.classList.toggle("grouped", grouped);
    place(node);
    previous = { author, at };
    if (own) {
      if (entry.cid) {
        mine.set(entry.cid, node);
        waiting.delete(entry.cid);
      }
      if (lastOwn && lastOwn.node !== node) state(lastOwn.node);
      lastOwn = { node, n: entry.n };
      showRead();
    }
  }

  return {
    follow,
    add(entries) {
      const stay = stuck;
      for (const entry of entries) addEntry(entry);
      if (stay) follow();
    },
    pending(items) {
      const listed = new Set(items.map((item) => item.cid));
      // Answered with `sent`: it waits here for its entry. Deleted by the visitor: `onDrop` took it away.
      for (const cid of waiting) if (!listed.has(cid)) state(/** @type {HTMLElement} */ (mine.get(cid)), words.sent);
      for (const item of items) {
        let node = mine.get(item.cid);
        if (node && !waiting.has(item.cid)) continue;
        if (!node) {
          node = message(words.you, new Date(item.at), item.frame.text, true);
          node.classList.add("waiting");
          node.classList.toggle("grouped", Boolean(waiting.size) || previous?.author.startsWith("visitor "));
          mine.set(item.cid, node);
          waiting.add(item.cid);
          log.append(node);
          follow();
        }
        const failed = item.state === "failed";
        node.classList.toggle("failed", failed);
        if (!failed) state(node, words.errors[item.error ?? ""] ?? words.sending);
        else {
          const consent = item.error?.startsWith("consent");
          const why = consent ? item.answer?.text : (words.errors[item.error ?? ""] ?? words.failed);
          const gone = () => {
            mine.get(item.cid)?.remove();
            mine.delete(item.cid);
            waiting.delete(item.cid);
            onDrop(item);
          };
          const again = action(consent ? words.agree : words.retry, () => onRetry(item));
          state(node, `${why} `, again, action(words.drop, gone));
        }
      }
    },
    read(n) {
      readTo = Math.max(readTo, n);
      showRead();
    },
    typing(name) {
      const stay = stuck;
      typingLine.hidden = !name;
      const label = /** @type {HTMLElement} */ (typingLine.firstElementChild);
      label.textContent = name ? filled(words.typing, { name }) : "";
      if (stay) follow();
    },
    clear() {
      log.replaceChildren();
      mine.clear();
      waiting.clear();
      previous = lastOwn = undefined;
      readTo = 0;
    },
  };
}
