/** What must not be missed: two sounds, a desktop notice, the title's count and the icon's dot. */

import { part, say } from "./parts.js";
import * as store from "./store.js";
import { filled } from "./text.js";
import { words } from "./words.js";

const SOUND = "chatsite:sound";
const NOTICE = "chatsite:notice";
const REPEAT_MS = 10_000;
/** Seconds, hertz: two rising pairs for a new chat, one soft note for a new message. */
const NEW_CHAT = [
  [0, 660],
  [0.13, 880],
  [0.34, 660],
  [0.47, 880],
];
const NEW_MESSAGE = [[0, 587]];

/** @type {AudioContext | undefined} */
let audio;
let quiet = false;
let lastChatSound = 0;
/** @type {string} */
let openChat = "";
let plainTitle = document.title;

/** @param {string} key */
function kept(key) {
  try {
    return localStorage.getItem(key) === "on";
  } catch {
    return false;
  }
}

/** @param {string} key @param {boolean} on */
function keep(key, on) {
  try {
    localStorage.setItem(key, on ? "on" : "off");
  } catch {
    // Then it is asked for again on the next page.
  }
}

let wanted = kept(SOUND);
let noticed = kept(NOTICE);

const canHear = () => wanted && audio?.state === "running";
const canNotify = () => noticed && "Notification" in window && Notification.permission === "granted";

/** @param {number[][]} notes @param {number} volume */
function play(notes, volume) {
  if (!audio || !canHear()) return;
  const start = audio.currentTime + 0.02;
  for (const [after, pitch] of notes) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.type = "sine";
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.0001, start + after);
    gain.gain.exponentialRampToValueAtTime(volume, start + after + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + after + 0.28);
    tone.connect(gain).connect(audio.destination);
    tone.start(start + after);
    tone.stop(start + after + 0.3);
  }
}

/** Browsers let a page sound only after it was touched. */
async function wakeSound() {
  if (!wanted) return;
  audio ??= new AudioContext();
  if (audio.state !== "running") await audio.resume().catch(() => undefined);
  draw();
}

/** Says nothing of the conversation: a desktop may be seen by others. @param {string} title @param {string} body @param {string} chat */
function notify(title, body, chat) {
  if (!canNotify() || (document.visibilityState === "visible" && document.hasFocus())) return;
  try {
    const notice = new Notification(title, { body, tag: chat, silent: canHear() });
    notice.onclick = () => {
      window.focus();
      notice.close();
      document.dispatchEvent(new CustomEvent("chatsite:open", { detail: chat }));
    };
  } catch {
    // Some phones allow notices to service workers only; title and sound remain.
  }
}

/** @param {import("./store.js").Change[]} changes @param {boolean} first */
function hear(changes, first) {
  if (first) return;
  for (const { row, before } of changes) {
    const began = row.state === "queued" && (!before || !store.isWaiting(before));
    if (began) {
      newChat();
      notify(words.new_chat, filled(words.new_chat_text, { website: row.website.name }), row.id);
    } else if (row.last.author.type === "visitor" && row.head > (before?.head ?? row.head) && concernsMe(row)) {
      if (row.id !== openChat || !document.hasFocus()) {
        play(NEW_MESSAGE, 0.25);
        notify(words.new_message, filled(words.new_message_text, { name: row.visitor.name }), row.id);
      }
    }
  }
}

/** @param {import("./store.js").Row} row */
const concernsMe = (row) => store.isMine(row) || row.id === openChat;

function newChat() {
  if (quiet) return;
  lastChatSound = Date.now();
  play(NEW_CHAT, 0.4);
}

/** Until somebody takes the chat. */
function repeat() {
  const waits = store.sections().waiting.some((row) => row.state === "queued");
  if (waits && !quiet && Date.now() - lastChatSound >= REPEAT_MS) newChat();
}

function drawCount() {
  const { waiting, mine } = store.sections();
  const count = waiting.length + mine.filter((row) => row.unread).length;
  document.title = count ? `(${count}) ${plainTitle}` : plainTitle;
  const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="icon"][data-unread]'));
  if (!icon) return;
  icon.dataset.plain ??= icon.href;
  icon.href = count ? (icon.dataset.unread ?? icon.href) : icon.dataset.plain;
}

function draw() {
  const box = part(document, "alerts");
  if (!box) return;
  box.hidden = false;
  const sound = /** @type {HTMLElement} */ (box.querySelector('[data-alert="sound"]'));
  sound.setAttribute("aria-pressed", String(wanted));
  sound.dataset.on = String(canHear());
  say(part(sound, "label"), !wanted ? words.sound_off : canHear() ? words.sound_on : words.sound_blocked);
  const notice = /** @type {HTMLElement} */ (box.querySelector('[data-alert="notice"]'));
  notice.hidden = !("Notification" in window);
  notice.setAttribute("aria-pressed", String(canNotify()));
  notice.dataset.on = String(canNotify());
  const denied = "Notification" in window && Notification.permission === "denied";
  say(part(notice, "label"), denied ? words.notice_denied : canNotify() ? words.notice_on : words.notice_off);
}

/** @param {boolean} on away or invisible: new chats make no sound, one's own chats do */
export function setQuiet(on) {
  quiet = on;
}

/** @param {string} chat @param {string} title what the page is about, before any count */
export function setOpenChat(chat, title) {
  openChat = chat;
  plainTitle = title;
  drawCount();
}

export function start() {
  store.onRows((changes, first) => {
    hear(changes, first);
    drawCount();
  });
  setInterval(repeat, 1000);
  document.querySelector('[data-alert="sound"]')?.addEventListener("click", async () => {
    // The first click on a blocked "on" wakes the sound; a click on what is heard switches it off.
    wanted = wanted ? !canHear() : true;
    keep(SOUND, wanted);
    await wakeSound();
    draw();
    play(NEW_MESSAGE, 0.25);
  });
  document.querySelector('[data-alert="notice"]')?.addEventListener("click", async () => {
    if (canNotify()) noticed = false;
    else noticed = (await Notification.requestPermission()) === "granted";
    keep(NOTICE, noticed);
    draw();
  });
  for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, wakeSound);
  draw();
}
