/** One WebSocket that heals itself: sections 3, 5 and 6 of the live protocol, for the widget and the console alike. */

/**
 * @typedef {{type: string, [field: string]: any}} Frame
 * @typedef {{state: "connecting" | "live" | "waiting" | "stopped", lastHeard: number, retryAt?: number, code?: number}} LinkState
 *
 * @typedef {object} LinkOptions
 * @property {string} url path or address of the socket
 * @property {() => object} hello the fields of `hello`, asked for at every connect
 * @property {() => object} beat the fields of `ping`: the numbers held
 * @property {(frame: Frame) => void} onFrame
 * @property {(state: LinkState) => void} onState
 * @property {() => Promise<unknown>} renew called for 4401; answers false when there is no way back
 *
 * @typedef {object} Link
 * @property {(frame: Frame) => boolean} send false: not connected, nothing was sent
 * @property {() => void} wake connect now, or ask at once whether the link still lives
 * @property {() => void} close
 */

const FINAL = [4400, 4403, 4404, 4410, 4426];
const WAIT_FIRST = [4408, 4409, 4429, 1013];
const SILENCE = 35_000;
const SILENCE_AFTER_WAKE = 5_000;
const STABLE = 5_000;

/**
 * @param {LinkOptions} options
 * @returns {Link}
 */
export function createLink({ url, hello, beat, onFrame, onState, renew }) {
  const address = new URL(url, location.href);
  address.protocol = address.protocol.replace("http", "ws");

  /** @type {WebSocket | undefined} */
  let socket;
  /** @type {LinkState["state"]} */
  let state = "connecting";
  let tries = 0;
  let lastHeard = 0;
  let liveSince = 0;
  let stale = false;
  let drainedUntil = 0;
  let heartbeat = 25_000;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retryTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let beatTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silenceTimer;

  /** @param {LinkState["state"]} next @param {Partial<LinkState>} [more] */
  function tell(next, more) {
    state = next;
    onState({ state, lastHeard, ...more });
  }

  async function connect() {
    clearTimeout(retryTimer);
    if (socket || state === "stopped") return;
    tell("connecting");
    if (stale) {
      try {
        const renewed = await renew();
        // While we waited, close() or a second wake() may have come.
        if (socket || /** @type {string} */ (state) === "stopped") return;
        if (renewed === false) return stop(4401);
        stale = false;
      } catch {
        return retry();
      }
    }
    const mine = new WebSocket(address);
    socket = mine;
    mine.onopen = () => mine.send(JSON.stringify({ type: "hello", v: 1, ...hello() }));
    mine.onmessage = (event) => socket === mine && heard(JSON.parse(event.data));
    mine.onclose = (event) => socket === mine && lost(event.code);
    // A proxy that swallows the upgrade would otherwise leave us "connecting" for minutes.
    expectAnswer(SILENCE);
  }

  /** @param {Frame} frame */
  function heard(frame) {
    lastHeard = Date.now();
    clearTimeout(silenceTimer);
    silenceTimer = undefined;
    if (frame.type === "welcome") {
      heartbeat = (frame.heartbeat || 25) * 1000;
      liveSince = lastHeard;
      drainedUntil = 0;
      tell("live");
      scheduleBeat();
    } else if (frame.type === "drain") {
      drainedUntil = lastHeard + frame.after_ms + Math.random() * 1000;
      clearTimeout(retryTimer);
      retryTimer = setTimeout(() => lost(1012), drainedUntil - lastHeard);
    }
    onFrame(frame);
  }

  function scheduleBeat() {
    clearTimeout(beatTimer);
    beatTimer = setTimeout(() => {
      ping(SILENCE);
      scheduleBeat();
    }, heartbeat);
  }

  /** @param {number} patience */
  function ping(patience) {
    if (send({ type: "ping", ...beat() })) expectAnswer(patience);
  }

  /** @param {number} patience */
  function expectAnswer(patience) {
    if (silenceTimer && patience >= SILENCE) return;
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(() => lost(1006), patience);
  }

  /** @param {number} code */
  function lost(code) {
    const lived = state === "live" && Date.now() - liveSince > STABLE;
    drop();
    if (FINAL.includes(code)) return stop(code);
    if (lived) tries = 0;
    if (code === 4401) {
      stale = true;
      if (!tries++) return connect();
    }
    retry(code);
  }

  /** @param {number} [code] */
  function retry(code) {
    const ceiling = Math.min(30_000, 500 * 2 ** tries++);
    let wait = Math.random() * ceiling;
    if (code && WAIT_FIRST.includes(code)) wait += 2_000;
    wait = Math.max(wait, drainedUntil - Date.now());
    tell("waiting", { retryAt: Date.now() + wait, code });
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, wait);
  }

  function drop() {
    const old = socket;
    socket = undefined;
    for (const timer of [retryTimer, beatTimer, silenceTimer]) clearTimeout(timer);
    silenceTimer = undefined;
    old?.close();
  }

  /** @param {number} [code] */
  function stop(code) {
    drop();
    removeEventListener("online", wake);
    removeEventListener("offline", wake);
    removeEventListener("pageshow", wake);
    document.removeEventListener("visibilitychange", wake);
    tell("stopped", { code });
  }

  /** @param {Frame} frame */
  function send(frame) {
    if (state !== "live" || socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  function wake() {
    if (document.visibilityState === "hidden") return;
    if (state === "live") ping(SILENCE_AFTER_WAKE);
    else if (state === "waiting" && Date.now() >= drainedUntil) connect();
  }

  addEventListener("online", wake);
  addEventListener("offline", wake);
  addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", wake);
  connect();
  return { send, wake, close: () => stop(1000) };
}
