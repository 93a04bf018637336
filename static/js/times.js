/** `<time data-time>`: relative up to a day, then the date; the exact moment on hover, all in the reader's zone and language. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const REFRESH = 30_000;

const language = document.documentElement.lang || undefined;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

/**
 * @param {Date} at
 * @param {Date} [now]
 * @returns {string}
 */
export function spoken(at, now = new Date()) {
  const seconds = Math.round((at.getTime() - now.getTime()) / 1000);
  const distance = Math.abs(seconds);
  if (distance < MINUTE) {
    return relative.format(0, "second");
  }
  if (distance < HOUR) {
    return relative.format(Math.trunc(seconds / MINUTE), "minute");
  }
  if (distance < DAY) {
    return relative.format(Math.trunc(seconds / HOUR), "hour");
  }
  return at.getFullYear() === now.getFullYear() ? day.format(at) : dayAndYear.format(at);
}

/**
 * @param {Date} at
 * @returns {string}
 */
export function exactly(at) {
  return exact.format(at);
}

/** Writes every `<time data-time>` below `root` anew. */
export function refreshTimes(root = document) {
  const now = new Date();
  for (const element of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[data-time]"))) {
    const at = new Date(element.dateTime);
    if (!Number.isNaN(at.getTime())) {
      element.textContent = spoken(at, now);
      element.title = exactly(at);
    }
  }
}

refreshTimes();
setInterval(() => {
  if (!document.hidden) {
    refreshTimes();
  }
}, REFRESH);
document.addEventListener("visibilitychange", () => refreshTimes());
