/** On every page of the console: the link and its state, one's own status, how many wait, and what must be heard. */

import { showToast } from "../js/toast.js";
import * as alerts from "./alerts.js";
import { setServerTime } from "./clock.js";
import { forgetDrafts } from "./composer.js";
import * as connection from "./connection.js";
import { say } from "./parts.js";
import * as store from "./store.js";
import { filled } from "./text.js";
import { words } from "./words.js";

/** @param {string} selector */
const all = (selector) => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector));

/** The state in words: what is, and when it will be tried again. */
function linkWords() {
  const { state, retryAt, lastHeard } = connection.lastState();
  const age = lastHeard ? Math.max(0, Math.round((Date.now() - lastHeard) / 1000)) : undefined;
  const title = age === undefined ? words.never : filled(words.heard, { seconds: age });
  if (state === "stopped") return { text: words.stopped, title };
  if (connection.isCutOff()) return { text: words.offline, title };
  if (state === "live") return { text: `${words.live} · ${filled(words.seconds, { seconds: age ?? 0 })}`, title };
  if (state === "connecting" || !retryAt) return { text: words.connecting, title };
  return {
    text: filled(words.reconnecting, { seconds: Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)) }),
    title,
  };
}

function drawLink() {
  const { text, title } = linkWords();
  const { state } = connection.lastState();
  for (const element of all("[data-link-state]")) {
    element.hidden = false;
    element.title = title;
    const dot = /** @type {HTMLElement | null} */ (element.querySelector(".dot"));
    if (dot) dot.dataset.state = state === "live" && connection.isCutOff() ? "waiting" : state;
    say(element.querySelector("[data-link-words]"), text);
  }
}

/** @param {string} state @param {string} [reason] */
function drawStatus(state, reason) {
  for (const element of all("[data-own-status]")) {
    const dot = /** @type {HTMLElement | null} */ (element.querySelector("summary .dot"));
    if (dot) dot.dataset.state = state;
    for (const label of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-status-words]"))) {
      say(label, words.statuses[state] ?? state);
    }
    say(element.querySelector("[data-status-reason]"), words.reasons[reason ?? ""] ?? reason ?? "");
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-set-status]"))) {
      button.setAttribute("aria-pressed", String(button.dataset.setStatus === state));
    }
  }
  alerts.setQuiet(state !== "online");
}

function drawWaiting() {
  const { waiting } = store.sections();
  for (const badge of all("[data-waiting-count]")) say(badge, waiting.length ? String(waiting.length) : "");
}

for (const button of all("[data-set-status]")) {
  button.addEventListener("click", (event) => {
    // Without a link the form does it.
    if (connection.send({ type: "status", state: button.dataset.setStatus })) event.preventDefault();
  });
}
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form"))) {
  if (form.action.endsWith("/logout/")) form.addEventListener("submit", forgetDrafts);
}

connection.on("welcome", (frame) => {
  setServerTime(frame.server_time);
  const me = (frame.members ?? []).find(
    (/** @type {{id: string}} */ member) => String(member.id) === String(frame.me?.id),
  );
  const state = frame.me?.state ?? me?.state;
  if (state) drawStatus(state, frame.me?.reason ?? me?.reason);
});
connection.on("presence", (frame) => {
  if (String(frame.member?.id ?? frame.member) === store.myId()) drawStatus(frame.state, frame.reason);
});
connection.onState((now) => {
  drawLink();
  if (now.state !== "stopped" || now.code === 1000) return;
  showToast({
    text: words.stops[now.code ?? ""] ?? words.stops.other,
    tone: "danger",
    action: { label: words.load_anew, run: () => location.reload() },
  });
});
store.onRows(drawWaiting);
setInterval(drawLink, 1000);
alerts.start();
connection.connect();
