/** The middle pane: entries in order, grouped and with day lines; what is on its way stands below them. */

import { dayKey, dayWords, exactTime, hours } from "./clock.js";
import * as connection from "./connection.js";
import { eventWords } from "./list.js";
import { copyOf, need, part, say } from "./parts.js";
import { filled, linked } from "./text.js";
import { words } from "./words.js";

/**
 * @typedef {import("../live/stream.js").Entry} Entry
 * @typedef {import("../live/outbox.js").Item} Item
 */

const GROUP_MS = 180_000;
const NEAR_END = 80;
const PAGE = 200;
const LOOKS_FOR_MS = 60_000;

/** @param {Entry} entry */
function shapeOf(entry) {
  if (entry.kind === "note") return "note";
  if (entry.kind === "text" || entry.kind === "file") return entry.author.type === "visitor" ? "visitor" : "operator";
  return "event";
}

/** In one chat there is one visitor, whatever they are called by now. @param {{type: string, name: string, id?: string}} author */
const whoIs = (author) => (author.type === "visitor" ? "visitor" : `${author.type}:${author.id ?? author.name}`);

/** @param {Entry} entry */
const whoOf = (entry) => whoIs(entry.author);

/** @param {Entry} entry */
function draw(entry) {
  const shape = shapeOf(entry);
  const item = copyOf(`entry-${shape}`);
  item.dataset.n = String(entry.n || "");
  item.dataset.kind = entry.kind;
  item.dataset.at = entry.at;
  item.dataset.who = whoOf(entry);
  if (entry.cid) item.dataset.cid = entry.cid;
  if (shape === "event") say(need(item, "text"), eventWords(entry.kind, entry.author));
  else {
    say(part(item, "author"), entry.author.name);
    need(item, "text").replaceChildren(linked(entry.text ?? ""));
  }
  drawTime(item);
  return item;
}

/** @param {HTMLElement} item */
function drawTime(item) {
  const at = /** @type {HTMLTimeElement} */ (need(item, "at"));
  const stamp = item.dataset.at ?? "";
  at.dateTime = stamp;
  at.title = exactTime(stamp);
  say(at, hours(stamp));
}

/**
 * @param {HTMLElement} pane
 * @param {{onHole: () => void, onRead: (last: number) => void, retry: (cid: string) => void, discard: (cid: string) => void}} options
 */
export function createThread(pane, { onHole, onRead, retry, discard }) {
  const chat = pane.dataset.chat ?? "";
  const scroll = need(pane, "scroll");
  const list = need(pane, "entries");
  const older = /** @type {HTMLAnchorElement} */ (need(pane, "older"));
  const pending = document.createElement("ol");
  pending.className = "thread thread-pending";
  list.after(pending);
  let first = Number(pane.dataset.first) || 1;
  let atEnd = true;
  let loading = false;
  /** Sent, but its entry has not come yet. @type {Set<string>} */
  const landing = new Set();
  /** @type {Map<string, {name: string, until: number, text: string}>} */
  const typing = new Map();
  /** @type {Map<string, {name: string, until: number}>} */
  const looking = new Map();

  const entries = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-n]")]);
  const toEnd = () => {
    scroll.scrollTop = scroll.scrollHeight;
  };

  /** Day lines and groups anew: by the reader's days, and over what came above or below. */
  function arrange() {
    for (const line of list.querySelectorAll(".entry-day")) line.remove();
    /** @type {HTMLElement | undefined} */
    let before;
    for (const item of entries()) {
      const { at = "", who } = item.dataset;
      const newDay = !before || dayKey(before.dataset.at ?? "") !== dayKey(at);
      const grouped =
        before &&
        !newDay &&
        !item.matches(".entry-event, .entry-note") &&
        !before.matches(".entry-event, .entry-note") &&
        before.dataset.who === who &&
        Date.parse(at) - Date.parse(before.dataset.at ?? "") <= GROUP_MS;
      item.classList.toggle("entry-first", !grouped);
      before?.classList.toggle("entry-last", !grouped);
      item.classList.add("entry-last");
      if (newDay) {
        const line = document.createElement("li");
        line.className = "entry-day";
        const time = document.createElement("time");
        time.dateTime = dayKey(at);
        time.textContent = dayWords(at);
        line.append(time);
        item.before(line);
      }
      before = item;
    }
  }

  /** Entries that change an earlier one. @param {Entry} entry */
  function patch(entry) {
    const target = list.querySelector(`[data-n="${Number(entry.data?.n)}"] [data-part="text"]`);
    if (!(target instanceof HTMLElement)) return;
    if (entry.kind === "edited") target.replaceChildren(linked(entry.text ?? ""));
    else {
      target.dataset.removed = "";
      target.textContent = words.events.deleted[0];
    }
  }

  /** @param {Entry[]} fresh */
  function build(fresh) {
    const nodes = document.createDocumentFragment();
    for (const entry of fresh) {
      if (entry.kind === "edited" || entry.kind === "deleted") continue;
      nodes.append(draw(entry));
    }
    return nodes;
  }

  /** @param {Entry[]} fresh */
  function append(fresh) {
    const stick = atEnd;
    list.append(build(fresh));
    for (const entry of fresh) {
      pane.dataset.last = String(entry.n);
      patch(entry);
      if (entry.cid) land(entry.cid);
      if (entry.author.type !== "system") typing.delete(whoOf(entry));
    }
    arrange();
    drawTyping();
    if (stick) toEnd();
    else need(pane, "newest").hidden = false;
    noteRead();
  }

  async function loadOlder() {
    if (loading || first <= 1) return;
    loading = true;
    older.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${pane.dataset.url}messages?before=${first}&limit=${PAGE}`, {
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) return;
      const page = await answer.json();
      const height = scroll.scrollHeight - scroll.scrollTop;
      scroll.setAttribute("aria-live", "off");
      list.prepend(build(page.events));
      for (const entry of page.events) patch(entry);
      arrange();
      scroll.scrollTop = scroll.scrollHeight - height;
      first = page.events[0]?.n ?? 1;
      older.hidden = !page.more;
      setTimeout(() => scroll.removeAttribute("aria-live"), 500);
    } catch {
      // The link below stays; scrolling up or clicking tries again.
    } finally {
      loading = false;
      older.removeAttribute("aria-busy");
    }
  }

  /** @param {string} cid */
  function land(cid) {
    landing.delete(cid);
    pending.querySelector(`[data-cid="${CSS.escape(cid)}"]`)?.remove();
  }

  /** What waits in the outbox for this chat. @param {Item[]} items */
  function drawPending(items) {
    const stick = atEnd;
    const mine = items.filter((item) => item.frame.chat === chat);
    for (const item of /** @type {NodeListOf<HTMLElement>} */ (pending.querySelectorAll("[data-cid]"))) {
      const cid = item.dataset.cid ?? "";
      if (!landing.has(cid) && !mine.some((other) => other.cid === cid)) item.remove();
    }
    for (const item of mine) {
      // `events` may come before `sent`: then the entry is on the screen already.
      if (list.querySelector(`[data-cid="${CSS.escape(item.cid)}"]`)) continue;
      let bubble = /** @type {HTMLElement | null} */ (pending.querySelector(`[data-cid="${CSS.escape(item.cid)}"]`));
      if (!bubble) {
        bubble = draw({
          n: 0,
          cid: item.cid,
          kind: item.frame.type === "note" ? "note" : "text",
          author: { type: "operator", name: "" },
          text: item.frame.text,
          at: new Date(item.at).toISOString(),
        });
        delete bubble.dataset.n;
        pending.append(bubble);
      }
      drawState(bubble, item);
    }
    if (stick) toEnd();
  }

  /** @param {HTMLElement} bubble @param {Item} item */
  function drawState(bubble, item) {
    const failed = item.state === "failed";
    bubble.dataset.send = item.state;
    need(bubble, "state").hidden = false;
    const known = item.error ? words.errors[item.error] : undefined;
    const waiting = connection.isLive() ? words.sending : words.queued;
    say(need(bubble, "state-words"), failed ? (known ?? words.errors.other) : (known ?? waiting));
    need(bubble, "retry").hidden = !failed;
    need(bubble, "discard").hidden = !failed;
  }

  /** @param {string} cid */
  function sent(cid) {
    const bubble = /** @type {HTMLElement | null} */ (pending.querySelector(`[data-cid="${CSS.escape(cid)}"]`));
    if (!bubble) return;
    landing.add(cid);
    bubble.dataset.send = "sent";
    say(need(bubble, "state-words"), words.sent);
    need(bubble, "retry").hidden = need(bubble, "discard").hidden = true;
  }

  function drawTyping() {
    const now = Date.now();
    for (const [who, { until }] of typing) if (until < now) typing.delete(who);
    for (const [who, { until }] of looking) if (until < now) looking.delete(who);
    say(need(pane, "typing"), [...typing.values()].map(({ name }) => filled(words.typing, { name })).join(" "));
    // Where the website shows what is being typed: apart from what was sent, and not read aloud letter by letter.
    say(need(pane, "preview"), typing.get("visitor")?.text ?? "");
    const others = need(pane, "others");
    others.hidden = !looking.size;
    const names = [...looking.values()].map(({ name }) => name).join(", ");
    say(others, looking.size ? filled(words.seen, { name: names }) : "");
  }

  /** @param {{author: {type: string, name: string, id?: string}, on: boolean, text?: string}} frame */
  function heardTyping(frame) {
    const who = whoIs(frame.author);
    const name = frame.author.name || need(pane, "name").textContent || "";
    // It ends by itself: the frame that says so may be lost.
    if (frame.on) typing.set(who, { name, until: Date.now() + 6_500, text: frame.text ?? "" });
    else typing.delete(who);
    drawTyping();
  }

  /** A colleague who reads this chat is looking at it. @param {{author: {type: string, name: string, id?: string}}} frame @param {string} me */
  function heardRead(frame, me) {
    const { type, id = "", name } = frame.author;
    if (type !== "operator" || id === me) return;
    looking.set(id, { name, until: Date.now() + LOOKS_FOR_MS });
    drawTyping();
  }

  function noteRead() {
    if (document.visibilityState === "visible" && atEnd) onRead(Number(pane.dataset.last) || 0);
  }

  older.addEventListener("click", (event) => {
    event.preventDefault();
    loadOlder();
  });
  need(pane, "newest").addEventListener("click", () => {
    toEnd();
    scroll.focus();
  });
  scroll.addEventListener("scroll", () => {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_END;
    if (atEnd && !need(pane, "newest").hidden) {
      need(pane, "newest").hidden = true;
      noteRead();
    }
    if (scroll.scrollTop < 200) loadOlder();
  });
  pending.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const cid = /** @type {HTMLElement | null} */ (button?.closest("[data-cid]"))?.dataset.cid ?? "";
    if (button?.dataset.part === "retry") retry(cid);
    else if (button?.dataset.part === "discard") discard(cid);
  });
  // The composer grows and the window shrinks: who read the end keeps reading the end.
  new ResizeObserver(() => atEnd && toEnd()).observe(scroll);
  const clock = setInterval(drawTyping, 1000);
  for (const item of entries()) drawTime(item);
  arrange();

  return {
    append,
    drawPending,
    sent,
    heardTyping,
    heardRead,
    noteRead,
    toEnd,
    missing: onHole,
    stop: () => clearInterval(clock),
  };
}
