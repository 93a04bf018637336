/** The inbox page: puts list, thread, composer and visitor together on the one connection. */

import { showToast } from "../js/toast.js";
import { createOutbox } from "../live/outbox.js";
import { createStream } from "../live/stream.js";
import * as alerts from "./alerts.js";
import { createComposer, OUTBOX } from "./composer.js";
import * as connection from "./connection.js";
import { createList } from "./list.js";
import { copyOf, need, part, say, showFor } from "./parts.js";
import { listenForKeys } from "./shortcuts.js";
import * as store from "./store.js";
import { filled } from "./text.js";
import { createThread } from "./thread.js";
import { createVisitor } from "./visitor.js";
import { words } from "./words.js";
import "./rail.js";

/**
 * @typedef {object} Opened
 * @property {string} chat
 * @property {HTMLElement} pane
 * @property {HTMLElement} visitor
 * @property {ReturnType<typeof createThread>} thread
 * @property {ReturnType<typeof createComposer>} composer
 * @property {import("../live/stream.js").Stream} stream
 */

const KEPT = 12;
const UNDO_MS = 5_000;
const STILL_HERE_MS = 45_000;

const root = /** @type {HTMLElement} */ (document.querySelector("[data-inbox]"));
const base = root.dataset.inboxUrl ?? "";
const member = root.dataset.member ?? "";
const title = root.dataset.title ?? "";
/** Chats that were open before, as they were left. @type {Map<string, Opened>} */
const kept = new Map();
/** @type {Map<string, Promise<Opened>>} */
const loading = new Map();
/** @type {Opened | undefined} */
let opened;
let readSent = "";
/** @type {Set<string>} */
const reported = new Set();
/** The chat that was asked for last; a slower answer for an earlier one is dropped. */
let wanted = "";

store.setMe(member);
root.toggleAttribute("data-script", true);

/** @param {string} name */
const paneOf = (name) => /** @type {HTMLElement} */ (root.querySelector(`[data-pane="${name}"]`));

const outbox = createOutbox({
  store: {
    get: () => {
      try {
        return sessionStorage.getItem(OUTBOX + member);
      } catch {
        return null;
      }
    },
    set: (value) => {
      try {
        sessionStorage.setItem(OUTBOX + member, value);
      } catch {
        // Then what is unsent lives as long as the page.
      }
    },
  },
  send: connection.send,
  onChange: (items, sent) => {
    reportFailures(items);
    if (sent && sent.item.frame.chat === opened?.chat) opened?.thread.sent(sent.item.cid);
    opened?.thread.drawPending(items);
  },
});

/** What failed in a chat that is not in sight is said where it will be seen. @param {import("../live/outbox.js").Item[]} items */
function reportFailures(items) {
  for (const { cid, frame, state } of items) {
    if (state !== "failed") reported.delete(cid);
    else if (frame.chat !== opened?.chat && !reported.has(cid)) {
      reported.add(cid);
      showToast({ text: words.not_sent, tone: "danger", action: { label: words.show, run: () => open(frame.chat) } });
    }
  }
}

const list = createList(paneOf("list"), (chat) => open(chat));

/** @param {number} last */
function read(last) {
  const said = `${opened?.chat}:${last}`;
  if (!opened || said === readSent) return;
  if (connection.send({ type: "read", chat: opened.chat, n: last })) readSent = said;
}

/** Makes a pair of panes work. @param {HTMLElement} pane @param {HTMLElement} visitor @returns {Opened} */
function bring(pane, visitor) {
  const chat = pane.dataset.chat ?? "";
  const thread = createThread(pane, {
    onHole: connection.ask,
    onRead: read,
    retry: (cid) => outbox.retry(cid),
    discard: (cid) => outbox.drop(cid),
  });
  const stream = createStream({ onEntries: thread.append, onHole: connection.ask });
  stream.reset(Number(pane.dataset.last) || 0);
  const composer = createComposer(pane, {
    member,
    onSend: (kind, text) => {
      outbox.add({ type: kind === "reply" ? "send" : "note", chat, text });
      thread.toEnd();
    },
    onTyping: (on) => connection.send({ type: "typing", chat, on }),
  });
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (pane.querySelectorAll("form[data-action]"))) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(/** @type {"accept" | "close" | "reopen"} */ (form.dataset.action));
    });
  }
  part(pane, "read")?.remove();
  need(pane, "back").addEventListener("click", (event) => {
    event.preventDefault();
    leave();
    history.pushState({}, "", base);
    list.focus(chat);
  });
  createVisitor(root, pane, visitor);
  return { chat, pane, visitor, thread, composer, stream };
}

/** @param {Opened} next */
function show(next) {
  opened = next;
  wanted = next.chat;
  root.dataset.view = "thread";
  root.removeAttribute("data-details");
  readSent = "";
  list.mark(next.chat);
  alerts.setOpenChat(next.chat, `${need(next.pane, "name").textContent} · ${title}`);
  const row = store.rowOf(next.chat);
  if (row) drawRow(row);
  next.thread.drawPending(outbox.items());
  connection.watch(next.chat, next.stream.last);
  next.thread.toEnd();
  next.thread.noteRead();
}

/** Puts the open chat aside; its panes stay as they are. */
function leave() {
  wanted = "";
  root.dataset.view = "list";
  root.removeAttribute("data-details");
  list.mark("");
  alerts.setOpenChat("", title);
  if (!opened) return;
  opened.pane.removeAttribute("aria-busy");
  connection.unwatch(opened.chat);
  opened.composer.keepAll();
  kept.set(opened.chat, opened);
  for (const [chat, old] of kept) {
    if (kept.size <= KEPT) break;
    old.thread.stop();
    old.composer.stop();
    kept.delete(chat);
  }
  opened = undefined;
}

/** @param {HTMLElement} pane @param {HTMLElement} visitor */
function place(pane, visitor) {
  paneOf("thread").replaceWith(pane);
  paneOf("visitor").replaceWith(visitor);
}

/** @param {string} chat */
async function fetchPanes(chat) {
  const answer = await fetch(`${base}chats/${chat}/?panes`, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const pane = /** @type {HTMLElement} */ (page.querySelector('[data-pane="thread"]'));
  const visitor = /** @type {HTMLElement} */ (page.querySelector('[data-pane="visitor"]'));
  return bring(document.adoptNode(pane), document.adoptNode(visitor));
}

/** The panes of a chat: as they were left, on their way already, or asked for. @param {string} chat */
function panesOf(chat) {
  const found = kept.get(chat) ?? loading.get(chat);
  if (found) return found;
  const asked = fetchPanes(chat).finally(() => loading.delete(chat));
  loading.set(chat, asked);
  return asked;
}

/** @param {string} chat @param {{push?: boolean}} [how] */
async function open(chat, { push = true } = {}) {
  wanted = chat;
  list.mark(chat);
  if (opened?.chat === chat) {
    paneOf("thread").removeAttribute("aria-busy");
    root.dataset.view = "thread";
    return;
  }
  /** @type {Opened} */
  let next;
  paneOf("thread").setAttribute("aria-busy", "true");
  try {
    next = await panesOf(chat);
  } catch {
    if (wanted !== chat) return;
    paneOf("thread").removeAttribute("aria-busy");
    wanted = opened?.chat ?? "";
    list.mark(wanted);
    showToast({ text: words.not_opened, tone: "danger" });
    return;
  }
  // Another one was wanted meanwhile, or the same one was asked for twice.
  if (opened === next) return;
  if (wanted !== chat) {
    kept.set(chat, next);
    return;
  }
  leave();
  kept.delete(chat);
  place(next.pane, next.visitor);
  next.pane.removeAttribute("aria-busy");
  if (push) history.pushState({ chat }, "", next.pane.dataset.url + location.search);
  show(next);
  // On a phone the row that was pressed is gone from the screen, and the focus with it.
  if (!paneOf("list").offsetParent) need(next.pane, "scroll").focus();
}

/** What is shown of the open chat besides its entries. @param {import("./store.js").Row} row */
function drawRow(row) {
  if (!opened || opened.chat !== row.id) return;
  const { pane, visitor, composer } = opened;
  pane.dataset.state = row.state;
  showFor(pane, row.state);
  say(part(pane, "name"), row.visitor.name);
  say(part(visitor, "name"), row.visitor.name);
  const mine = store.isMine(row);
  say(part(pane, "holder"), mine ? words.yours : filled(words.with, { name: row.operator?.name ?? "" }));
  composer.setPlaceholder(store.isWaiting(row) ? words.reply_accepts : words.reply);
  composer.hint(
    row.state === "active" && !mine ? filled(words.colleague_holds, { name: row.operator?.name ?? "" }) : "",
  );
}

/** By HTTP, for what the socket has no word for and for when there is none. @param {string} action */
async function post(action) {
  const form = /** @type {HTMLFormElement | null} */ (opened?.pane.querySelector(`form[data-action="${action}"]`));
  if (!form) return false;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    if (answer.ok) return true;
    const { code } = await answer.json();
    showToast({ text: words.errors[code] ?? words.not_done, tone: "danger" });
  } catch {
    showToast({ text: words.not_done, tone: "danger" });
  }
  return false;
}

/** @param {"accept" | "close" | "reopen"} action */
async function act(action) {
  if (!opened) return;
  const { chat, pane } = opened;
  const form = /** @type {HTMLElement | null} */ (pane.querySelector(`form[data-action="${action}"]`));
  if (!form || form.hidden) return;
  const done = (action !== "reopen" && connection.send({ type: action, chat, ref: action })) || (await post(action));
  if (!done) return;
  if (action === "close") {
    const away = showToast({
      text: words.closed,
      action: {
        label: words.undo,
        run: () => {
          if (opened?.chat === chat) act("reopen");
          else open(chat).then(() => act("reopen"));
        },
      },
    });
    setTimeout(away, UNDO_MS);
  } else if (action === "accept") opened?.composer.choose("reply");
  if (!connection.isLive()) {
    kept.delete(chat);
    location.reload();
  }
}

/** @param {number} step */
function move(step) {
  const order = list.order();
  const at = order.indexOf(wanted || opened?.chat || "");
  const next = order[at < 0 ? (step > 0 ? 0 : order.length - 1) : at + step];
  if (next) open(next);
}

connection.on("welcome", () => {
  outbox.repeat();
  opened?.thread.drawPending(outbox.items());
  opened?.thread.noteRead();
});
connection.on("sent", (frame) => outbox.settle(frame));
connection.on("error", (frame) => {
  if (frame.cid) outbox.settle(frame);
  else if (frame.code === "taken" || frame.ref)
    showToast({ text: words.errors[frame.code] ?? words.not_done, tone: "danger" });
});
connection.on("events", (frame) => {
  if (frame.chat === opened?.chat) opened?.stream.apply(/** @type {any} */ (frame));
});
connection.on("reset", (frame) => {
  kept.delete(frame.chat);
  if (frame.chat !== opened?.chat) return;
  // What is on the screen is no longer the chat: draw it anew from the server.
  opened?.composer.keepAll();
  opened = undefined;
  connection.unwatch(frame.chat);
  open(frame.chat, { push: false });
});
connection.on("typing", (frame) => {
  if (frame.chat === opened?.chat && String(frame.author?.id ?? "") !== store.myId())
    opened?.thread.heardTyping(/** @type {any} */ (frame));
});
connection.on("read", (frame) => {
  if (frame.chat === opened?.chat) opened?.thread.heardRead(/** @type {any} */ (frame), store.myId());
});
connection.onState(({ state, code }) => {
  if (code === 1009) outbox.fail("too_large");
  if (state !== "live") opened?.thread.drawPending(outbox.items());
});
store.onRows((changes) => {
  for (const { row } of changes) drawRow(row);
});

document.addEventListener("chatsite:open", (event) => open(/** @type {CustomEvent<string>} */ (event).detail));
document.addEventListener("visibilitychange", () => opened?.thread.noteRead());
setInterval(() => {
  if (document.visibilityState !== "visible" || !document.hasFocus()) return;
  readSent = "";
  opened?.thread.noteRead();
}, STILL_HERE_MS);
addEventListener("beforeunload", (event) => {
  if (outbox.items().length) event.preventDefault();
});
addEventListener("popstate", () => {
  const chat = /\/chats\/([0-9a-f-]+)\//.exec(location.pathname)?.[1];
  if (chat) open(chat, { push: false });
  else {
    leave();
    const empty = /** @type {HTMLTemplateElement} */ (document.querySelector('template[data-template="nothing-open"]'))
      .content;
    place(
      copyOf("nothing-open"),
      /** @type {HTMLElement} */ (empty.querySelector('[data-pane="visitor"]')?.cloneNode(true)),
    );
  }
});

/** Keys act on the chat that is seen; while another one is being opened they would meet the wrong one. */
const settled = () => (wanted === opened?.chat ? opened : undefined);

const sheet = /** @type {HTMLDialogElement} */ (need(document, "shortcuts"));
listenForKeys({
  j: () => move(1),
  k: () => move(-1),
  a: () => settled() && act("accept"),
  e: () => settled() && act("close"),
  n: () => settled()?.composer.choose("note"),
  r: () => settled()?.composer.choose("reply"),
  "/": () => /** @type {HTMLElement | null} */ (part(root, "search"))?.click(),
  "?": () => sheet.showModal(),
  Escape: () => {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    if (focused?.closest(".composer")) need(/** @type {HTMLElement} */ (opened?.pane), "scroll").focus();
  },
});

for (const change of ["online", "offline"]) addEventListener(change, () => opened?.thread.drawPending(outbox.items()));

if (paneOf("thread").dataset.chat) show(bring(paneOf("thread"), paneOf("visitor")));
