/** The numbered entries of one chat, applied in order and once, whatever the network did to their frames. */

/**
 * @typedef {{type: "visitor" | "operator" | "system" | "bot", name: string, avatar?: string}} Author
 * @typedef {{n: number, cid?: string, kind: string, author: Author, text?: string, file?: any, data?: any, at: string}} Entry
 *
 * @typedef {object} StreamOptions
 * @property {(entries: Entry[]) => void} onEntries the next ones, in order
 * @property {(last: number) => void} onHole something is missing after `last`: ask with `ping`
 *
 * @typedef {object} Stream
 * @property {(frame: {events: Entry[]}) => void} apply an `events` frame of this chat
 * @property {(after: number) => void} reset forget what is held; `after` is the last number from now on
 * @property {() => number} last
 */

/**
 * @param {StreamOptions} options
 * @returns {Stream}
 */
export function createStream({ onEntries, onHole }) {
  let last = 0;
  let asked = -1;
  /** @type {Map<number, Entry>} */
  const ahead = new Map();

  return {
    last: () => last,
    reset(after) {
      last = after;
      asked = -1;
      ahead.clear();
    },
    apply({ events }) {
      for (const entry of events) if (entry.n > last) ahead.set(entry.n, entry);
      const ready = [];
      for (let entry = ahead.get(last + 1); entry; entry = ahead.get(last + 1)) {
        ahead.delete(entry.n);
        last = entry.n;
        ready.push(entry);
      }
      if (ready.length) onEntries(ready);
      if (ahead.size && asked !== last) {
        asked = last;
        onHole(last);
      }
    },
  };
}
