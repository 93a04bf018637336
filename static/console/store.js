/** The inbox as the server told it: one row a chat, newest revision only. */

import * as connection from "./connection.js";

/**
 * @typedef {{id: string, name: string}} Named
 * @typedef {object} Row
 * @property {string} id
 * @property {number} rev
 * @property {"queued" | "missed" | "active" | "closed"} state
 * @property {{id: string, name: string, email?: string, verified: boolean}} visitor
 * @property {Named} website
 * @property {Named | null} [department]
 * @property {Named | null} operator
 * @property {string | null} waiting_since
 * @property {string} [created_at]
 * @property {number} head
 * @property {number} unread
 * @property {{kind: string, text: string, author: {type: string, name: string}, at: string}} last
 *
 * @typedef {{row: Row, before?: Row}} Change
 */

/** @type {Map<string, Row>} */
const rows = new Map();
/** @type {Set<(changes: Change[], first: boolean) => void>} */
const listeners = new Set();
/** @type {number | undefined} */
let rev;
let more = false;
let me = "";
let name = "";

/** @param {Row[]} news @param {boolean} first the list was replaced, nothing in it is news */
function apply(news, first) {
  const changes = [];
  for (const row of news) {
    const before = rows.get(row.id);
    if (before && before.rev > row.rev) continue;
    if (row.state === "closed") rows.delete(row.id);
    else rows.set(row.id, row);
    changes.push({ row, before });
  }
  for (const listener of listeners) listener(changes, first);
}

connection.holdsRev(() => rev);
connection.on("welcome", (frame) => {
  // A revision that went back is a restored backup: what we hold is no longer true.
  const first = rev === undefined || frame.rev < rev;
  if (first) rows.clear();
  me = String(frame.me?.id ?? me);
  name = frame.me?.name ?? name;
  more = Boolean(frame.more) || (more && !first);
  rev = frame.rev;
  apply(frame.chats ?? [], first);
});
connection.on("chats", (frame) => {
  rev = Math.max(rev ?? 0, frame.rev);
  apply(frame.rows, false);
});

/** @param {(changes: Change[], first: boolean) => void} listener */
export const onRows = (listener) => listeners.add(listener);
/** @param {string} chat */
export const rowOf = (chat) => rows.get(chat);
export const hasMore = () => more;
export const isLoaded = () => rev !== undefined;
export const myId = () => me;
export const myName = () => name;
/** @param {string} id */
export function setMe(id) {
  me = me || id;
}

/** @param {Row} row */
export const isWaiting = (row) => row.state === "queued" || row.state === "missed";
/** @param {Row} row */
export const isMine = (row) => row.state === "active" && row.operator?.id === me;

/** @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** @param {Row} a @param {Row} b */
const oldestFirst = (a, b) =>
  compare(a.waiting_since ?? a.created_at ?? a.last.at, b.waiting_since ?? b.created_at ?? b.last.at) ||
  compare(a.id, b.id);

/** @param {Row} a @param {Row} b */
const unreadFirst = (a, b) =>
  Number(Boolean(b.unread)) - Number(Boolean(a.unread)) ||
  compare(a.waiting_since ?? "~", b.waiting_since ?? "~") ||
  compare(b.last.at, a.last.at);

/** The rows in the three places that the tabs show, in the server's order. */
export function sections() {
  /** @type {Record<"waiting" | "mine" | "colleagues", Row[]>} */
  const found = { waiting: [], mine: [], colleagues: [] };
  for (const row of rows.values()) {
    if (isWaiting(row)) found.waiting.push(row);
    else if (isMine(row)) found.mine.push(row);
    else found.colleagues.push(row);
  }
  found.waiting.sort(oldestFirst);
  found.mine.sort(unreadFirst);
  found.colleagues.sort(unreadFirst);
  return found;
}
