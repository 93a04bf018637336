/** Times as the reader has them: their zone, their language. */

import { filled } from "./text.js";
import { words } from "./words.js";

export const WARNING_SECONDS = 40;
export const DANGER_SECONDS = 120;

const language = document.documentElement.lang || undefined;
const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

/** How far the server's clock is ahead of ours; waiting times are counted on the server's. */
let ahead = 0;

/** @param {string} serverTime */
export function setServerTime(serverTime) {
  const parsed = Date.parse(serverTime);
  if (!Number.isNaN(parsed)) ahead = parsed - Date.now();
}

export const now = () => Date.now() + ahead;

/** @param {string} at */
export const hours = (at) => hour.format(new Date(at));

/** @param {string} at */
export const fullTime = (at) => full.format(new Date(at));

/** @param {string} at */
export const exactTime = (at) => exact.format(new Date(at));

/** The day in the reader's zone, to tell days apart. @param {string} at */
export function dayKey(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** @param {string} at */
export function dayWords(at) {
  const key = dayKey(at);
  if (key === dayKey(new Date().toISOString())) return words.today;
  if (key === dayKey(new Date(Date.now() - 86_400_000).toISOString())) return words.yesterday;
  return day.format(new Date(at));
}

/** The time of today, or the day. @param {string} at */
export function hoursOrDay(at) {
  return dayKey(at) === dayKey(new Date().toISOString()) ? hours(at) : shortDay.format(new Date(at));
}

/** 0:41, 12:07, 3 h, 2 d. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (seconds < 86_400) return filled(words.hours, { hours: Math.floor(seconds / 3600) });
  return filled(words.days, { days: Math.floor(seconds / 86_400) });
}

/** @param {string} since */
export function waited(since) {
  const seconds = Math.max(0, Math.floor((now() - Date.parse(since)) / 1000));
  const level = seconds >= DANGER_SECONDS ? "danger" : seconds >= WARNING_SECONDS ? "warning" : "calm";
  return { words: duration(seconds), level };
}
