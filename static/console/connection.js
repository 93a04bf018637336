/** The one live connection of a console page. The rail opens it on every page; the inbox builds on the same one. */

import { createLink } from "../live/link.js";
import { words } from "./words.js";

/**
 * @typedef {import("../live/link.js").Frame} Frame
 * @typedef {import("../live/link.js").LinkState} LinkState
 * @typedef {(frame: Frame) => void} Listener
 */

const CUT_OFF_MS = 3_000;

/** @type {Map<string, Set<Listener>>} */
const listeners = new Map();
/** @type {Set<(state: LinkState) => void>} */
const stateListeners = new Set();
/** Chats that are watched, with the number held of each. @type {Map<string, () => number>} */
const watched = new Map();
/** @type {() => number | undefined} */
let heldRev = () => undefined;
/** @type {import("../live/link.js").Link | undefined} */
let link;
/** @type {LinkState} */
let state = { state: "connecting", lastHeard: 0 };

/** The workspace; pages of none (the profile) have that of the workspace used last. */
const slug = words.slug ?? "";

const held = () => Object.fromEntries([...watched].map(([chat, last]) => [chat, last()]));

/** @param {Frame} frame */
function heard(frame) {
  state = { ...state, lastHeard: Date.now() };
  for (const listener of listeners.get(frame.type) ?? []) listener(frame);
}

/** @param {LinkState} next */
function changed(next) {
  state = next;
  for (const listener of stateListeners) listener(next);
}

/** Is the session still good? A console cannot renew it by itself; it can only find out. */
async function stillSignedIn() {
  const answer = await fetch(`/w/${slug}/`, {
    method: "HEAD",
    headers: { Accept: "application/json" },
    redirect: "manual",
  });
  return answer.ok;
}

/** Opens the connection, once. */
export function connect() {
  if (link || !slug) return;
  link = createLink({
    url: `/ws/w/${slug}`,
    hello: () => ({ rev: heldRev(), after: held() }),
    beat: () => ({ rev: heldRev(), after: held() }),
    onFrame: heard,
    onState: changed,
    renew: stillSignedIn,
  });
}

/** @param {string} type @param {Listener} listener */
export function on(type, listener) {
  const known = listeners.get(type) ?? new Set();
  known.add(listener);
  listeners.set(type, known);
}

/** @param {(state: LinkState) => void} listener */
export function onState(listener) {
  stateListeners.add(listener);
  listener(state);
}

/** A browser that says it is offline is right, even while an old socket still stands. */
export const isLive = () => state.state === "live" && !isCutOff();
export const isCutOff = () => !navigator.onLine && Date.now() - state.lastHeard > CUT_OFF_MS;
export const lastState = () => state;

/** @param {Frame} frame false: not connected, nothing was sent */
export const send = (frame) => link?.send(frame) ?? false;

export const wake = () => link?.wake();

/** @param {() => number | undefined} rev the inbox revision held */
export function holdsRev(rev) {
  heldRev = rev;
}

/** @param {string} chat @param {() => number} last the last number held of it */
export function watch(chat, last) {
  watched.set(chat, last);
  send({ type: "watch", chat, after: last() });
}

/** @param {string} chat */
export function unwatch(chat) {
  if (watched.delete(chat)) send({ type: "unwatch", chat });
}

/** Asks for what is missing. */
export const ask = () => send({ type: "ping", rev: heldRev(), after: held() });
