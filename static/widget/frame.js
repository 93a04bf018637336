/** The chat in its frame: what happens is told here, how it looks in thread and composer, how it travels in transport. */

import { createOutbox } from "../live/outbox.js";
import { createStream } from "../live/stream.js";
import { createComposer } from "./composer.js";
import { createKeeper } from "./keep.js";
import { createThread, filled, soon } from "./thread.js";
import { createTransport } from "./transport.js";

/** @typedef {import("../live/link.js").Frame} Frame */

/** @param {string} id @returns {any} */
const find = (id) => document.getElementById(id);
/** @param {string} id */
const data = (id) => JSON.parse(find(id).textContent);

const settings = data("settings");
const words = data("words");
/** @type {string[]} */
const origins = data("origins");
const page = document.documentElement;
const key = /** @type {string} */ (page.dataset.key);
const touch = matchMedia("(pointer: coarse)");
const RECONNECTING_AFTER = 2_000;
const TYPING_EVERY = 2_500;
const TYPING_FOR = 6_000;

/** @type {MessagePort | undefined} */
let host;
let about = {};
/** @type {string | undefined} */
let chat;
let state = "";
/** Whether somebody is there; unknown until the server was asked, because this page may be a minute old.
 * @type {boolean | undefined} */
let online;
let limit = 10_000;
let shown = window.parent === window;
let clicked = shown;
let opened = false;
/** Whether the host page was told that there is a chat, so that its next page opens the frame again. */
let flagged = false;
let lastTyping = 0;
let told = 0;
let lastRead = 0;
let readSent = 0;
/** Numbers of what the other side wrote and the visitor may not have seen. @type {number[]} */
let unread = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let linkTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let typingTimer;

const keeper = createKeeper(key);
const thread = createThread({
  log: find("log"),
  scroll: find("scroll"),
  words,
  onRetry: (item) =>
    outbox.retry(
      item.cid,
      item.answer?.version && { consent: [{ text: item.answer.text, version: item.answer.version }] },
    ),
  onDrop: (item) => outbox.drop(item.cid),
});
const stream = createStream({
  onEntries: entered,
  onHole: () => transport.send({ type: "ping", ...held() }),
});
const transport = createTransport({
  key,
  keeper,
  held,
  chatting: () => Boolean(chat) || outbox.items().length > 0,
  onFrame: heard,
  onState: linked,
  onSession: met,
  onFresh: clear,
});
const outbox = createOutbox({
  store: { get: () => keeper.get("outbox"), set: (value) => keeper.set("outbox", value) },
  send: (frame) => transport.send(frame),
  onChange: (items) => thread.pending(items),
});
const composer = createComposer({ words, limit: () => limit, onWrite: write, onTyping: typed });

function held() {
  return { chat, after: stream.last() };
}

/** @param {string} text @param {string} email */
function write(text, email) {
  const first = !chat;
  keeper.begin();
  keeper.set("draft", null);
  // A `start` goes on with an open chat, too, and is what may carry the address.
  if (chat && !email) outbox.add({ type: "send", text });
  else outbox.add({ type: "start", text, page: about, ...(email && { fields: { email } }) });
  transport.send({ type: "typing", on: false });
  transport.connect();
  if (first) transport.begun();
  refresh();
}

/** @param {string} text */
function typed(text) {
  keeper.set("draft", text);
  if (!chat) {
    // The page may have changed since the chat was opened, without being loaded anew.
    tell({ type: "page" });
    return;
  }
  const now = Date.now();
  if (text && now - lastTyping < TYPING_EVERY) return;
  lastTyping = text ? now : 0;
  transport.send({ type: "typing", on: Boolean(text), ...(settings.typing_preview && { text }) });
}

/** @param {Frame} frame */
function heard(frame) {
  switch (frame.type) {
    case "welcome":
      met(/** @type {any} */ (frame));
      if (chat && frame.chat?.id !== chat) clear();
      chat = frame.chat?.id;
      state = frame.chat?.state ?? "";
      readSent = frame.chat?.read ?? 0;
      lastRead = Math.max(lastRead, readSent);
      seen();
      outbox.repeat();
      if (!chat) find("log").setAttribute("aria-live", "polite");
      break;
    case "polled":
      outbox.repeat();
      break;
    case "events":
      if (frame.chat !== chat) {
        if (chat) stream.reset(0);
        chat = frame.chat;
      }
      stream.apply(/** @type {any} */ (frame));
      break;
    case "reset":
      chat = frame.chat ?? undefined;
      thread.clear();
      unread = [];
      stream.reset(frame.after);
      thread.pending(outbox.items());
      break;
    case "sent":
      chat ??= frame.chat;
      outbox.settle(frame);
      break;
    case "error":
      refused(frame);
      break;
    case "typing":
      clearTimeout(typingTimer);
      thread.typing(frame.on ? frame.author.name : null);
      typingTimer = setTimeout(() => thread.typing(null), TYPING_FOR);
      break;
    case "read":
      if (frame.author.type === "operator") thread.read(frame.n);
      break;
    case "presence":
      online = frame.online;
      break;
  }
  refresh();
}

/** @param {Frame} frame */
function refused(frame) {
  const item = outbox.settle(frame);
  // Closed too long ago to go on with: what was written opens a new chat.
  if (item && ["closed", "not_found"].includes(frame.code) && item.frame.type === "send") {
    outbox.retry(item.cid, { type: "start", page: about });
  }
}

/** @param {{online: boolean, limits?: {text: number}}} session */
function met(session) {
  online = session.online;
  limit = session.limits?.text ?? limit;
  refresh();
}

/** @param {import("../live/stream.js").Entry[]} entries */
function entered(entries) {
  thread.add(entries);
  for (const { n, kind, author } of entries) {
    if (kind === "joined") state = "active";
    else if (kind === "missed" || kind === "closed") {
      state = kind;
      thread.typing(null);
    } else if (kind === "reopened") state = "queued";
    if (author.type !== "visitor" && kind === "text") {
      thread.typing(null);
      unread.push(n);
      if (state === "missed") state = "active";
    }
  }
  seen();
  // The first entries are what was said before; only what comes later is news to a screen reader.
  setTimeout(() => find("log").setAttribute("aria-live", "polite"), 100);
}

function seen() {
  unread = unread.filter((n) => n > lastRead);
  if (shown && document.visibilityState === "visible") {
    lastRead = unread.at(-1) ?? lastRead;
    unread = [];
  }
  if (lastRead > readSent && transport.send({ type: "read", n: lastRead })) readSent = lastRead;
  if (unread.length !== told) {
    told = unread.length;
    tell({ type: "unread", count: told });
  }
}

/** @param {"live" | "away" | "stopped"} now @param {number} [code] */
function linked(now, code) {
  const line = find("link");
  if (now === "away") {
    linkTimer ??= setTimeout(() => {
      line.textContent = words.reconnecting;
    }, RECONNECTING_AFTER);
  } else {
    clearTimeout(linkTimer);
    linkTimer = undefined;
    line.textContent = now === "stopped" ? words.gone : "";
    if (now === "stopped") state = "closed";
    refresh();
  }
  if (code === 1009) outbox.fail("too_large");
}

/** Everything that follows from what is known now. */
function refresh() {
  if (keeper.begun() !== flagged) {
    flagged = keeper.begun();
    tell({ type: "chat", on: flagged });
  }
  const answered = state === "active";
  const opens = settings.opens_at && new Date(settings.opens_at);
  const back = opens > new Date() ? filled(words.back, { when: soon(opens, words.today.toLowerCase()) }) : "";
  const here = online || answered;
  const known = here || online === false;
  find("status").textContent = here ? words.here : known ? back || words.away : "";
  find("status").className = here ? "here" : "";
  // Once they wrote, the thread says what happens next.
  const nobody = here || chat || !known ? "" : settings.away || words.leave;
  find("away").hidden = !nobody;
  if (find("away").textContent !== nobody) find("away").textContent = nobody;
  composer.askEmail((known && !here) || state === "missed");
  find("end").hidden = !chat || state === "closed";
  find("fresh").hidden = state !== "closed";
  find("notice").hidden = keeper.begun();
  find("remember").checked = keeper.remembered();
}

/** Forgets the visitor on this side. */
function clear() {
  chat = undefined;
  state = "";
  unread = [];
  lastRead = readSent = 0;
  stream.reset(0);
  thread.clear();
  find("log").setAttribute("aria-live", "off");
  refresh();
}

/** @param {{type: string, [field: string]: unknown}} message */
function tell(message) {
  host?.postMessage(message);
}

async function open() {
  if (opened) return;
  opened = true;
  const going = await transport.open(clicked);
  if (!going) opened = false;
  if (!going) tell({ type: "chat", on: false });
  if (!keeper.begun()) find("log").setAttribute("aria-live", "polite");
  composer.fill(keeper.get("draft") ?? "");
  thread.pending(outbox.items());
  refresh();
}

function focus() {
  if (touch.matches) find("scroll").focus();
  else composer.focus();
}

/** @param {any} message */
function instructed(message) {
  if (message?.type === "shown") {
    shown = true;
    focus();
    thread.follow();
  } else if (message?.type === "hidden") shown = false;
  else if (message?.type === "page") about = message.page;
  seen();
}

addEventListener("message", ({ source, origin, data: message, ports }) => {
  if (source !== window.parent || message?.type !== "chatsite" || !ports[0]) return;
  if (origins.length && !origins.includes(origin)) return;
  host?.close();
  host = ports[0];
  host.onmessage = (event) => instructed(event.data);
  about = message.page;
  clicked = message.clicked === true;
  open();
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (!find("rights").hidden) find("privacy").click();
  else if (!find("ending").hidden) find("keep").click();
  else tell({ type: "fold" });
});
document.addEventListener("visibilitychange", seen);

find("fold").onclick = () => tell({ type: "fold" });
find("end").onclick = () => {
  find("ending").hidden = false;
  find("keep").focus();
};
find("keep").onclick = () => {
  find("ending").hidden = true;
  composer.focus();
};
find("ending").onsubmit = (/** @type {Event} */ event) => {
  event.preventDefault();
  transport.send({ type: "close" });
  find("keep").click();
};
find("fresh").onclick = () => {
  for (const { cid } of outbox.items()) outbox.drop(cid);
  clear();
  transport.fresh();
  refresh();
  composer.focus();
};
find("privacy").onclick = () => {
  const closed = find("rights").hidden;
  find("rights").hidden = !closed;
  find("privacy").setAttribute("aria-expanded", String(closed));
};
find("remember").onchange = (/** @type {any} */ event) => keeper.remember(event.target.checked);

page.style.setProperty("--accent", settings.accent);
page.style.setProperty("--on-accent", settings.on_accent);
refresh();
if (shown) open();
