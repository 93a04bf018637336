/** The composer: reply and note have a box, a draft and a colour each; Enter sends what is in the box it is pressed in. */

import { say, part } from "./parts.js";

const DRAFTS = "chatsite:draft:";
const TYPING_MS = 3_000;
const KEEP_MS = 300;

/** What one tab has not sent yet. */
export const OUTBOX = "chatsite:outbox:";

let isForgotten = false;

/** What was written in this browser and not sent goes when somebody signs out. */
export function forgetDrafts() {
  // The page still lives for a moment, and keeps drafts as it goes.
  isForgotten = true;
  try {
    for (const store of [localStorage, sessionStorage]) {
      for (const key of Object.keys(store)) if (key.startsWith(DRAFTS) || key.startsWith(OUTBOX)) store.removeItem(key);
    }
  } catch {
    // Nothing could be kept there either.
  }
}

/** @param {string} key */
function load(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} key @param {string} text */
function keep(key, text) {
  if (isForgotten) return;
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // Without storage a draft lives as long as its page.
  }
}

/**
 * @param {HTMLElement} pane
 * @param {object} options
 * @param {string} options.member drafts belong to a person, not to a browser
 * @param {(kind: "reply" | "note", text: string) => void} options.onSend
 * @param {(on: boolean) => void} options.onTyping
 */
export function createComposer(pane, { member, onSend, onTyping }) {
  const chat = pane.dataset.chat ?? "";
  const tabs = /** @type {NodeListOf<HTMLInputElement>} */ (pane.querySelectorAll('input[name="composer"]'));
  const forms = /** @type {NodeListOf<HTMLFormElement>} */ (pane.querySelectorAll("form[data-form]"));
  const boxes = new Map(
    [...forms].map((form) => [
      form.dataset.form ?? "",
      /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text")),
    ]),
  );
  let typedAt = 0;

  /** @param {string} kind */
  const key = (kind) => `${DRAFTS}${member}:${chat}:${kind}`;

  /** Marks the tab whose draft is not in sight. */
  function markDrafts() {
    for (const tab of tabs) {
      const box = boxes.get(tab.value);
      tab.closest("label")?.toggleAttribute("data-draft", Boolean(box?.value.trim()) && !tab.checked);
    }
  }

  /** @param {HTMLTextAreaElement} box browsers without `field-sizing` */
  function fit(box) {
    if (CSS.supports("field-sizing", "content")) return;
    box.rows = Math.min(8, Math.max(1, box.value.split("\n").length));
  }

  /** @param {"reply" | "note"} kind @param {HTMLTextAreaElement} box */
  function submit(kind, box) {
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    keep(key(kind), "");
    fit(box);
    if (kind === "reply") stopTyping();
    onSend(kind, text);
    markDrafts();
  }

  function stopTyping() {
    if (typedAt) onTyping(false);
    typedAt = 0;
  }

  /** @param {string} kind */
  function choose(kind) {
    for (const tab of tabs) tab.checked = tab.value === kind;
    markDrafts();
    boxes.get(kind)?.focus();
  }

  for (const form of forms) {
    const kind = /** @type {"reply" | "note"} */ (form.dataset.form);
    const box = boxes.get(kind);
    if (!box) continue;
    box.value = load(key(kind)) || box.value;
    fit(box);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    box.addEventListener("input", () => {
      fit(box);
      clearTimeout(timer);
      timer = setTimeout(() => keep(key(kind), box.value), KEEP_MS);
      markDrafts();
      if (kind !== "reply") return;
      if (!box.value) stopTyping();
      else if (Date.now() - typedAt > TYPING_MS) {
        typedAt = Date.now();
        onTyping(true);
      }
    });
    box.addEventListener("blur", () => {
      keep(key(kind), box.value);
      if (kind === "reply") stopTyping();
    });
    box.addEventListener("keydown", (event) => {
      // While an input method composes a word, Enter belongs to it.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.altKey) return;
      event.preventDefault();
      submit(kind, box);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(kind, box);
      box.focus();
    });
  }
  for (const tab of tabs) tab.addEventListener("change", () => choose(tab.value));
  const keepAll = () => {
    for (const [kind, box] of boxes) keep(key(kind), box.value);
  };
  addEventListener("pagehide", keepAll);
  if (boxes.get("note")?.value && !boxes.get("reply")?.value) {
    for (const tab of tabs) tab.checked = tab.value === "note";
  }
  markDrafts();

  return {
    choose,
    keepAll,
    /** @param {string} words */
    setPlaceholder: (words) => {
      const box = boxes.get("reply");
      if (box) box.placeholder = words;
    },
    /** @param {string} words */
    hint: (words) => say(part(pane, "hint"), words),
    stop: () => {
      keepAll();
      stopTyping();
      removeEventListener("pagehide", keepAll);
    },
  };
}
