// Times are written by the server in UTC; here they are kept young, and shown in the zone that the reader chose.
import { count } from "./numbers.js";
import { serverDate } from "./server_time.js";

const KEY = "console.zone";
const YOUNG = 5_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

let zone = read();

function read() {
  try {
    return localStorage.getItem(KEY) === "local" ? "local" : "UTC";
  } catch {
    return "UTC";
  }
}

const two = (number) => String(number).padStart(2, "0");

// The parts of a moment in the chosen zone.
function parts(date) {
  const get = zone === "UTC" ? "getUTC" : "get";
  return {
    year: date[`${get}FullYear`](),
    month: date[`${get}Month`](),
    day: date[`${get}Date`](),
    time: `${two(date[`${get}Hours`]())}:${two(date[`${get}Minutes`]())}`,
    second: two(date[`${get}Seconds`]()),
  };
}

export function inUtc() {
  return zone === "UTC";
}

export function clock(date, now = serverDate()) {
  const then = parts(date);
  const today = parts(now);
  if (then.year !== today.year) return `${day(date)} ${then.time}`;
  if (then.month !== today.month || then.day !== today.day) return `${then.day} ${MONTHS[then.month]} ${then.time}`;
  return `${then.time}:${then.second}`;
}

export function day(date) {
  const { year, month, day } = parts(date);
  return `${day} ${MONTHS[month]} ${year}`;
}

export function shortDay(date) {
  const { month, day } = parts(date);
  return `${day} ${MONTHS[month]}`;
}

// Days are counted in UTC, by 1NCE and by us: their names do not change with the reader's zone.
export function utcDay(date) {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
}

function utcDate(date) {
  return `${utcDay(date)} ${date.getUTCFullYear()}`;
}

export function hourMinute(date) {
  return parts(date).time;
}

export function exact(date) {
  const { year, month, day, time, second } = parts(date);
  const away = -date.getTimezoneOffset();
  const name = zone === "UTC" ? "UTC" : `${away < 0 ? "-" : "+"}${two(Math.abs(away) / 60 | 0)}:${two(Math.abs(away) % 60)}`;
  return `${year}-${two(month + 1)}-${two(day)} ${time}:${second} ${name}`;
}

export function ago(date, now = serverDate()) {
  const span = Math.abs(now - date) / 1000;
  if (span < 5) return "now";
  const text =
    span < 60 ? `${Math.floor(span)} s`
    : span < 3600 ? `${Math.floor(span / 60)} min`
    : span < 48 * 3600 ? `${Math.floor(span / 3600)} h`
    : `${count(Math.floor(span / 86400))} d`;
  return now < date ? `in ${text}` : `${text} ago`;
}

// In how long something is due; never in the past.
export function until(date, now = serverDate()) {
  return date - now >= 1000 ? ago(date, now).replace("now", "due now") : "due now";
}

function age(date, now) {
  const text = ago(date, now).replace(" ago", "");
  return text === "now" || text.startsWith("in ") ? "0 s" : text;
}

export const STYLES = { age, ago, clock, date: day, "utc-date": utcDate, until };

export function renderTimes(root = document) {
  const now = serverDate();
  for (const element of root.querySelectorAll("time[data-style]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = STYLES[element.dataset.style]?.(date, now);
    if (text && element.textContent !== text) element.textContent = text;
  }
}

function nameExactly(event) {
  const element = event.target.closest?.("time[datetime]");
  if (element) element.title = exact(new Date(element.dateTime));
}

function showClock() {
  const now = serverDate();
  const { time, second } = parts(now);
  for (const element of document.querySelectorAll("time[data-clock]")) element.textContent = `${time}:${second}`;
}

function showZone() {
  for (const button of document.querySelectorAll("[data-zone]")) {
    button.querySelector("[data-zone-name]").textContent = zone === "UTC" ? "UTC" : "local";
    button.title = zone === "UTC" ? "Times are in UTC; show local time" : "Times are local; show UTC";
  }
  showClock();
  renderTimes();
  document.dispatchEvent(new CustomEvent("zone:changed"));
}

export function startTimes() {
  showZone();
  setInterval(() => document.hidden || renderTimes(), YOUNG);
  setInterval(() => document.hidden || showClock(), 1_000);
  setInterval(() => document.hidden || renderTimes(document.querySelector("[data-live-badge]") ?? undefined), 1_000);
  document.addEventListener("visibilitychange", () => document.hidden || (renderTimes(), showClock()));
  document.addEventListener("htmx:after:swap", () => renderTimes());
  document.addEventListener("pointerover", nameExactly);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-zone]")) return;
    zone = zone === "UTC" ? "local" : "UTC";
    try {
      localStorage.setItem(KEY, zone);
    } catch {
      // it holds until the next page
    }
    showZone();
  });
}
