/** The left pane: rows in their sections, tabs with counts, waiting times that run. */

import { hueOf, initialsOf } from "../js/drawing.js";
import { exactTime, hoursOrDay, waited } from "./clock.js";
import { copyOf, need, part, say } from "./parts.js";
import * as store from "./store.js";
import { filled } from "./text.js";
import { words } from "./words.js";

/** @typedef {import("./store.js").Row} Row */

const TAB = "chatsite:tab";

/** @param {Row["last"]} last */
export function lastWords(last) {
  const { kind, text, author } = last;
  if (kind === "note") return filled(words.note, { text });
  if (kind !== "text") return eventWords(kind, author);
  if (author.type !== "operator") return text;
  return author.name === store.myName() ? filled(words.you, { text }) : filled(words.said, { name: author.name, text });
}

/** @param {string} kind @param {{type: string, name: string}} author */
export function eventWords(kind, author) {
  const known = words.events[kind];
  if (!known) return "";
  const [named, nameless] = known;
  return author.name && author.type !== "system" ? filled(named, { name: author.name }) : nameless;
}

/**
 * @param {HTMLElement} pane the list pane
 * @param {(chat: string) => void} open
 */
export function createList(pane, open) {
  const tabs = /** @type {NodeListOf<HTMLAnchorElement>} */ (pane.querySelectorAll("a[data-tab]"));
  /** @type {Map<string, HTMLElement>} */
  const items = new Map();
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll("[data-chat]"))) {
    items.set(item.dataset.chat ?? "", item);
  }
  const base = /** @type {HTMLElement} */ (pane.closest("[data-inbox]")).dataset.inboxUrl ?? "";
  let current = "";
  let planned = false;

  /** @param {Row} row */
  function draw(row) {
    let item = items.get(row.id);
    if (!item) {
      item = copyOf("row");
      item.dataset.chat = row.id;
      const link = item.querySelector("a");
      if (link) link.href = `${base}chats/${row.id}/`;
      items.set(row.id, item);
    }
    item.dataset.state = row.state;
    item.dataset.unread = String(row.unread);
    const avatar = need(item, "avatar");
    say(avatar, initialsOf(row.visitor.name));
    avatar.dataset.hue = String(hueOf(row.visitor.id));
    say(part(item, "name"), row.visitor.name);
    say(part(item, "words"), lastWords(row.last));
    say(part(item, "website"), row.website.name);
    say(part(item, "operator"), row.operator?.name ?? "");
    need(item, "operator-box").hidden = !row.operator || store.isMine(row);
    need(item, "missed").hidden = row.state !== "missed";
    need(item, "unread").hidden = !row.unread;
    say(part(item, "unread-count"), row.unread > 99 ? "99+" : String(row.unread));
    const wait = need(item, "wait");
    wait.hidden = !row.waiting_since;
    wait.dataset.since = row.waiting_since ?? "";
    const at = /** @type {HTMLTimeElement} */ (need(item, "at"));
    at.hidden = Boolean(row.waiting_since);
    at.dateTime = row.last.at;
    at.title = exactTime(row.last.at);
    say(at, hoursOrDay(row.last.at));
    return item;
  }

  function drawAll() {
    planned = false;
    const sections = store.sections();
    const shown = new Set();
    for (const [key, rows] of Object.entries(sections)) {
      const box = /** @type {HTMLElement} */ (pane.querySelector(`[data-rows="${key}"]`));
      rows.forEach((row, index) => {
        const item = draw(row);
        shown.add(row.id);
        // Only what moved is moved: focus and scroll position stay where they are.
        if (box.children[index] !== item) box.insertBefore(item, box.children[index] ?? null);
      });
      while (box.children.length > rows.length) box.lastElementChild?.remove();
      const none = /** @type {HTMLElement | null} */ (pane.querySelector(`[data-none="${key}"]`));
      if (none) none.hidden = rows.length > 0;
    }
    for (const [id, item] of items) {
      if (shown.has(id)) continue;
      item.remove();
      items.delete(id);
    }
    part(pane, "more")?.remove();
    const counts = {
      mine: sections.mine.length,
      waiting: sections.waiting.length,
      all: sections.mine.length + sections.waiting.length + sections.colleagues.length,
    };
    for (const [key, count] of Object.entries(counts)) {
      const badge = /** @type {HTMLElement | null} */ (pane.querySelector(`[data-count="${key}"]`));
      if (!badge) continue;
      badge.hidden = !count;
      say(badge, store.hasMore() ? `${count}+` : String(count));
    }
    mark(current);
    tick();
  }

  /** Waiting times run on their own; colour and figure change together. */
  function tick() {
    for (const wait of /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll('[data-part="wait"]'))) {
      if (!wait.dataset.since) continue;
      const now = waited(wait.dataset.since);
      wait.dataset.level = now.level;
      say(part(wait, "wait-words"), now.words);
    }
  }

  /** @param {string} chat */
  function mark(chat) {
    current = chat;
    for (const [id, item] of items) {
      const link = item.querySelector("a");
      if (id === chat) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
    items.get(chat)?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} tab */
  function choose(tab) {
    pane.dataset.tab = tab;
    for (const link of tabs) {
      if (link.dataset.tab === tab) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    try {
      sessionStorage.setItem(TAB, tab);
    } catch {
      // Storage may be switched off; then the choice lasts as long as the page.
    }
  }

  for (const link of tabs) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose(link.dataset.tab ?? "all");
      const address = new URL(location.href);
      address.searchParams.set("tab", link.dataset.tab ?? "all");
      history.replaceState(history.state, "", address);
    });
  }
  pane.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const item = /** @type {HTMLElement} */ (event.target).closest("[data-chat]");
    if (!(item instanceof HTMLElement)) return;
    event.preventDefault();
    open(item.dataset.chat ?? "");
  });
  store.onRows(() => {
    if (planned) return;
    planned = true;
    // A hidden tab has no frames to wait for.
    if (document.hidden) setTimeout(drawAll, 0);
    else requestAnimationFrame(drawAll);
  });
  setInterval(tick, 1000);
  tick();
  if (!new URLSearchParams(location.search).has("tab")) {
    try {
      choose(sessionStorage.getItem(TAB) || pane.dataset.tab || "all");
    } catch {
      // See above.
    }
  }

  return {
    mark,
    /** @param {string} chat */
    focus: (chat) => items.get(chat)?.querySelector("a")?.focus(),
    /** The chats of the shown tab from top to bottom. */
    order: () =>
      [.../** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll("[data-chat]"))]
        .filter((item) => item.offsetParent !== null)
        .map((item) => item.dataset.chat ?? ""),
  };
}
