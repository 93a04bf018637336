/** What was written but not yet answered with `sent`. Kept in a store, repeated by `cid`, one at a time per chat. */

/**
 * @typedef {import("./link.js").Frame} Frame
 * @typedef {{cid: string, frame: Frame, at: number, state: "sending" | "failed", error?: string, answer?: Frame}} Item
 * @typedef {{get: () => string | null | undefined, set: (value: string) => void}} Store
 *
 * @typedef {object} OutboxOptions
 * @property {Store} store where the items survive a reload; may be memory
 * @property {(frame: Frame) => boolean} send false: not connected; `repeat()` is called when that changes
 * @property {(items: Item[], sent?: {item: Item, frame: Frame}) => void} onChange `sent`: the item that was answered
 *
 * @typedef {object} Outbox
 * @property {(frame: Frame) => Item} add takes a frame without `cid`, too
 * @property {(frame: Frame) => Item | undefined} settle takes `sent` and `error`; answers the item they belong to
 * @property {() => void} repeat send again what has no answer; after each `welcome`
 * @property {(cid: string, change?: Partial<Frame>) => void} retry a failed item, perhaps changed
 * @property {(cid: string) => void} drop
 * @property {(code: string) => void} fail what is in flight will not be repeated (close code 1009)
 * @property {() => Item[]} items
 */

/** Refusals that are repeated after a wait. Consent is asked for first, then `retry(cid, {consent})`. */
const AGAIN = ["too_fast", "unavailable"];
const ANSWER_WITHIN = 15_000;

/** A random UUID; `crypto.randomUUID` is missing where the host page is not https. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * @param {OutboxOptions} options
 * @returns {Outbox}
 */
export function createOutbox({ store, send, onChange }) {
  /** @type {Item[]} */
  let items = [];
  /** What is under way, by lane: the order within a chat must hold even when one of its frames has to wait.
   * @type {Map<string, {cid: string, timer: ReturnType<typeof setTimeout>}>} */
  const flying = new Map();
  try {
    items = JSON.parse(store.get() || "[]");
  } catch {
    // A store that was tampered with starts empty.
  }

  /** @param {Item} item */
  const lane = (item) => item.frame.chat ?? "";

  /** @param {{item: Item, frame: Frame}} [sent] */
  function changed(sent) {
    store.set(JSON.stringify(items));
    onChange(items, sent);
  }

  /** @param {Item} item */
  function land(item) {
    const flight = flying.get(lane(item));
    if (flight?.cid !== item.cid) return;
    clearTimeout(flight.timer);
    flying.delete(lane(item));
  }

  function pump() {
    for (const item of items) {
      if (item.state !== "sending" || flying.has(lane(item))) continue;
      const { cid } = item;
      if (send({ ...item.frame, cid })) rest(item, ANSWER_WITHIN);
    }
  }

  /** Keep the lane closed, then try this item again. @param {Item} item @param {number} ms */
  function rest(item, ms) {
    const { cid } = item;
    clearTimeout(flying.get(lane(item))?.timer);
    const timer = setTimeout(() => {
      flying.delete(lane(item));
      pump();
    }, ms);
    flying.set(lane(item), { cid, timer });
  }

  /** @param {string} [cid] */
  const find = (cid) => items.find((item) => item.cid === cid);

  /** @param {Frame} frame */
  function settle(frame) {
    const item = find(frame.cid);
    if (!item) return undefined;
    if (frame.type === "sent") {
      land(item);
      items = items.filter((other) => other !== item);
      changed({ item, frame });
    } else if (AGAIN.includes(frame.code)) {
      item.error = frame.code;
      rest(item, (frame.retry_after || 2) * 1000);
      changed();
    } else {
      land(item);
      item.state = "failed";
      item.error = frame.code;
      item.answer = frame;
      changed();
    }
    pump();
    return item;
  }

  return {
    settle,
    items: () => items,
    add(frame) {
      /** @type {Item} */
      const item = { cid: frame.cid ?? newId(), frame, at: Date.now(), state: "sending" };
      items.push(item);
      changed();
      pump();
      return item;
    },
    repeat() {
      for (const { timer } of flying.values()) clearTimeout(timer);
      flying.clear();
      pump();
    },
    retry(cid, change) {
      const item = find(cid);
      if (!item) return;
      land(item);
      Object.assign(item.frame, change);
      item.state = "sending";
      item.error = item.answer = undefined;
      changed();
      pump();
    },
    drop(cid) {
      const item = find(cid);
      if (item) land(item);
      items = items.filter((other) => other !== item);
      changed();
      pump();
    },
    fail(code) {
      for (const { cid } of [...flying.values()]) settle({ type: "error", code, cid });
    },
  };
}
