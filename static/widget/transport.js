/** The way to the server: a token, then a socket, and plain HTTP where no socket gets through. */

import { createLink } from "../live/link.js";
import { createShare } from "./keep.js";

/**
 * @typedef {import("../live/link.js").Frame} Frame
 *
 * @typedef {object} TransportOptions
 * @property {string} key
 * @property {import("./keep.js").Keeper} keeper
 * @property {() => {chat?: string, after: number}} held the chat and the last number of it
 * @property {() => boolean} chatting whether there is a chat that other tabs should join
 * @property {(frame: Frame) => void} onFrame
 * @property {(state: "live" | "away" | "stopped", code?: number) => void} onState
 * @property {(session: {online: boolean, limits: {text: number}}) => void} onSession
 * @property {() => void} onFresh another tab began anew
 *
 * @typedef {object} Transport
 * @property {(clicked: boolean) => Promise<boolean>} open false: nothing was kept and nobody clicked
 * @property {() => void} connect
 * @property {() => void} begun a chat has begun: other tabs join
 * @property {() => void} fresh a new visitor
 * @property {(frame: Frame) => boolean} send
 */

const POLL = 4_000;

/**
 * @param {TransportOptions} options
 * @returns {Transport}
 */
export function createTransport({ key, keeper, held, chatting, onFrame, onState, onSession, onFresh }) {
  const base = `/widget/${key}/`;
  let token = keeper.token();
  /** @type {import("../live/link.js").Link | undefined} */
  let link;
  /** @type {Promise<unknown> | undefined} */
  let asking;
  let failures = 0;
  let live = false;
  let polls = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pollTimer;

  const share = createShare(key, {
    answer: () => (token ? { token, chat: chatting() } : null),
    heard({ started, token: theirs, fresh }) {
      // A tab with a chat of its own stays with its visitor, unless the visitor began anew.
      if (chatting() && !fresh) return;
      if (theirs) take(theirs);
      if (fresh) {
        end();
        onFresh();
      } else if (started) {
        keeper.begin();
        connect();
      }
    },
  });

  /** @param {string} next */
  function take(next) {
    token = next;
    keeper.hold(next);
  }

  /** @param {string} path @param {RequestInit} [init] */
  async function call(path, init) {
    const answer = await fetch(base + path, {
      credentials: "omit",
      ...init,
      headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
    });
    return { status: answer.status, body: await answer.json() };
  }

  /** A new session, or the old visitor's renewed. Throws while the server is away; false: it will have none of us. */
  async function renew() {
    let { status, body } = await call("session", { method: "POST" });
    if (status === 401 && token) {
      token = null;
      ({ status, body } = await call("session", { method: "POST" }));
    }
    if (status === 403 || status === 404) return false;
    if (!body.token) throw new Error(body.code);
    take(body.token);
    share.tell({ token: body.token });
    onSession(body);
    return true;
  }

  /**
   * A token, however long it takes; `anew` also where there is one, to hear who is there.
   * @param {boolean} [anew] @param {number} [wait] @returns {Promise<unknown>}
   */
  function ensure(anew = false, wait = 1_000) {
    if (token && !anew) return Promise.resolve();
    asking ??= renew()
      .then((ok) => (ok && link) || onState(ok ? "live" : "stopped"))
      .catch(() => {
        onState("away");
        return new Promise((resolve) => setTimeout(resolve, wait)).then(() => {
          asking = undefined;
          return ensure(anew, Math.min(wait * 2, 30_000));
        });
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  }

  async function connect() {
    await ensure();
    if (!token) return;
    link ??= createLink({
      url: "/ws/visitor",
      hello: () => ({ token, ...held() }),
      beat: held,
      onFrame,
      renew,
      onState(now) {
        if (now.state === "stopped" && !link) return;
        if (now.state === "live") {
          failures = 0;
          stopPolling();
        } else if (now.state === "waiting" && ++failures > 1 && !polls) {
          polls = true;
          poll();
        }
        live = now.state === "live" || (live && polls);
        onState(live ? "live" : now.state === "stopped" ? "stopped" : "away", now.code);
      },
    });
  }

  function stopPolling() {
    polls = false;
    clearTimeout(pollTimer);
  }

  async function poll() {
    let soon = false;
    const { chat, after } = held();
    try {
      const { status, body } = await call(`messages?after=${after}${chat ? `&chat=${chat}` : ""}`);
      if (!polls) return;
      if (status === 401) await renew();
      if (status === 200) {
        const back = !live;
        live = true;
        onState("live");
        if (body.chat !== (chat ?? null)) onFrame({ type: "reset", chat: body.chat, after: 0 });
        if (body.events.length) onFrame({ type: "events", ...body });
        soon = body.more;
        if (back) {
          onFrame({ type: "polled" });
          link?.wake();
        }
      }
    } catch {
      live = false;
      onState("away");
    }
    clearTimeout(pollTimer);
    if (polls) pollTimer = setTimeout(poll, soon ? 0 : POLL);
  }

  /** @param {Frame} frame */
  async function post(frame) {
    try {
      const { status, body } = await call("messages", { method: "POST", body: JSON.stringify(frame) });
      if (status === 401) await renew();
      else onFrame(body);
      clearTimeout(pollTimer);
      if (polls) poll();
    } catch {
      // The outbox repeats it.
    }
  }

  function end() {
    const old = link;
    link = undefined;
    stopPolling();
    old?.close();
    failures = 0;
    live = false;
  }

  return {
    connect,
    async open(clicked) {
      let kept = Boolean(token);
      if (!token) {
        const shared = await share.ask();
        if (shared) {
          token = shared.token;
          keeper.set("token", token);
          kept = shared.chat;
        }
      }
      if (kept) {
        keeper.begin();
        connect();
      } else if (clicked) ensure(true);
      return kept || clicked;
    },
    begun: () => share.tell({ started: true, token: token ?? undefined }),
    fresh() {
      end();
      token = null;
      keeper.forget();
      ensure().then(() => token && share.tell({ token, fresh: true }));
    },
    send(frame) {
      if (link?.send(frame)) return true;
      const stored = frame.type === "start" || frame.type === "send";
      if (!stored || !polls || !live) return false;
      post(frame);
      return true;
    },
  };
}
