/** What the visitor's side keeps, where, and from when: nothing before the first message, this tab only unless asked. */

/**
 * @typedef {object} Keeper
 * @property {() => string | null} token
 * @property {(token: string) => void} hold keeps the token from now on where it may be kept
 * @property {() => void} begin the first message was written: from now on things are kept
 * @property {() => boolean} begun
 * @property {() => void} forget
 * @property {() => boolean} remembered
 * @property {(on: boolean) => void} remember also after the tab is closed, on this device
 * @property {(name: string) => string | null} get
 * @property {(name: string, value: string | null) => void} set
 */

/** Reading the property alone throws where storage is blocked. @param {"sessionStorage" | "localStorage"} name */
function storage(name) {
  try {
    const area = window[name];
    area.getItem("");
    return area;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} key
 * @returns {Keeper}
 */
export function createKeeper(key) {
  const tab = storage("sessionStorage");
  const device = storage("localStorage");
  /** @type {Map<string, string>} */
  const memory = new Map();
  const prefix = `chatsite:${key}:`;
  let begun = false;

  /** @param {string} name */
  const get = (name) => tab?.getItem(prefix + name) ?? memory.get(name) ?? null;
  const remembered = () => Boolean(device?.getItem(`${prefix}token`));

  /** @param {Storage | undefined} area @param {string} name @param {string | null | undefined} value */
  function put(area, name, value) {
    try {
      if (value == null) area?.removeItem(prefix + name);
      else area?.setItem(prefix + name, value);
    } catch {
      // Full: memory has it.
    }
  }

  /** @param {string} name @param {string | null} value */
  function set(name, value) {
    if (value === null) memory.delete(name);
    else memory.set(name, value);
    if (begun || value === null) put(tab, name, value);
  }

  return {
    get,
    set,
    remembered,
    begun: () => begun,
    token: () => get("token") ?? device?.getItem(`${prefix}token`) ?? null,
    hold(token) {
      set("token", token);
      if (remembered()) put(device, "token", token);
    },
    begin() {
      if (begun) return;
      begun = true;
      for (const [name, value] of memory) put(tab, name, value);
    },
    forget() {
      put(device, "token", null);
      for (const name of ["token", "outbox", "draft"]) set(name, null);
      begun = false;
    },
    remember(on) {
      put(device, "token", on ? get("token") : null);
    },
  };
}

/**
 * The other frames of this website in the same browser, which work where storage is blocked, too.
 *
 * @typedef {{token: string, chat: boolean}} Shared
 * @typedef {object} Share
 * @property {() => Promise<Shared | null>} ask whether another tab has a visitor already
 * @property {(message: {started?: boolean, token?: string, fresh?: boolean}) => void} tell
 *
 * @param {string} key
 * @param {{answer: () => Shared | null, heard: (message: {started?: boolean, token?: string, fresh?: boolean}) => void}} options
 * @returns {Share}
 */
export function createShare(key, { answer, heard }) {
  const channel = new BroadcastChannel(`chatsite:${key}`);
  /** @type {((shared: Shared) => void) | undefined} */
  let waiting;
  channel.onmessage = ({ data }) => {
    if (data.ask) {
      const mine = answer();
      if (mine) channel.postMessage({ shared: mine });
    } else if (data.shared) waiting?.(data.shared);
    else heard(data);
  };
  return {
    ask: () =>
      new Promise((resolve) => {
        waiting = resolve;
        setTimeout(resolve, 200, null);
        channel.postMessage({ ask: true });
      }),
    tell: (message) => channel.postMessage(message),
  };
}
