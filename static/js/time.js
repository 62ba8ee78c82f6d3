// Times are written by the server in UTC; here they are kept young, and shown in the zone that the reader chose.
import { count } from "./numbers.js";
import { serverDate } from "./server_time.js";

const KEY = "console.zone";
const YOUNG = 5_000;
const NEW = 15 * 60_000;
const OLD = 6 * 3_600_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// The user's own zone: of the IANA database, or "local" for that of the machine. Who has none, or has UTC, may switch
// between UTC and the machine's.
const own = document.documentElement.dataset.ownZone ?? "UTC";
const other = own === "UTC" ? "local" : own;
const fields = other === "local" ? null : formatOf(other);

let zone = read();

function formatOf(timeZone) {
  const digits = "2-digit";
  const shown = { year: "numeric", month: digits, day: digits, hour: digits, minute: digits, second: digits };
  try {
    return new Intl.DateTimeFormat("en", { timeZone, hourCycle: "h23", ...shown, timeZoneName: "longOffset" });
  } catch {
    return null; // this browser does not know the zone: it shows its own, and says "local"
  }
}

function read() {
  try {
    return localStorage.getItem(KEY) === "other" || (own !== "UTC" && localStorage.getItem(KEY) !== "UTC") ? other : "UTC";
  } catch {
    return own;
  }
}

const two = (number) => String(number).padStart(2, "0");

// The parts of a moment in the chosen zone.
function parts(date) {
  if (zone !== "UTC" && fields) return partsIn(date);
  const get = zone === "UTC" ? "getUTC" : "get";
  return {
    year: date[`${get}FullYear`](),
    month: date[`${get}Month`](),
    day: date[`${get}Date`](),
    time: `${two(date[`${get}Hours`]())}:${two(date[`${get}Minutes`]())}`,
    second: two(date[`${get}Seconds`]()),
  };
}

function partsIn(date) {
  const found = Object.fromEntries(fields.formatToParts(date).map(({ type, value }) => [type, value]));
  return {
    year: Number(found.year),
    month: Number(found.month) - 1,
    day: Number(found.day),
    time: `${found.hour}:${found.minute}`,
    second: found.second,
    away: found.timeZoneName.replace("GMT", "") || "+00:00",
  };
}

// The zone that times are shown in, by its name in the IANA database; null: that of the machine.
export function shownZone() {
  return zone === "UTC" ? "Etc/UTC" : fields ? other : null;
}

export function clock(date, now = serverDate()) {
  return clockOf(date, now, (then) => `${then.time}:${then.second}`);
}

// As the clock, of a moment that is no second's: when an hour began.
export function hour(date, now = serverDate()) {
  return clockOf(date, now, (then) => then.time);
}

function clockOf(date, now, ofToday) {
  const then = parts(date);
  const today = parts(now);
  if (then.year !== today.year) return `${day(date)} ${then.time}`;
  if (then.month !== today.month || then.day !== today.day) return `${then.day} ${MONTHS[then.month]} ${then.time}`;
  return ofToday(then);
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
  const { year, month, day, time, second, away = awayOfMachine(date) } = parts(date);
  return `${year}-${two(month + 1)}-${two(day)} ${time}:${second} ${zone === "UTC" ? "UTC" : away}`;
}

function awayOfMachine(date) {
  const minutes = -date.getTimezoneOffset();
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60 | 0)}:${two(Math.abs(minutes) % 60)}`;
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

// In how long something happens, counted down to the second and rounded.
export function ahead(date, now = serverDate()) {
  const seconds = (date - now) / 1000;
  if (seconds <= 0) return ago(date, now);
  if (Math.ceil(seconds) < 60) return `in ${Math.ceil(seconds)} s`;
  if (Math.round(seconds / 60) < 60) return `in ${Math.round(seconds / 60)} min`;
  if (Math.round(seconds / 3600) < 48) return `in ${Math.round(seconds / 3600)} h`;
  return `in ${count(Math.round(seconds / 86400))} d`;
}

// The same of what has not happened yet, though its time may have come: never past.
function due(date, now) {
  const text = ahead(date, now);
  return text.endsWith(" ago") ? "now" : text;
}

// How old what was known at a moment is.
export function fresh(date, now = serverDate()) {
  return now - date < NEW ? "new" : now - date < OLD ? "hours" : "old";
}

function age(date, now) {
  const text = ago(date, now).replace(" ago", "");
  return text === "now" || text.startsWith("in ") ? "0 s" : text;
}

export const STYLES = { age, ago, ahead, axis: hourMinute, clock, date: day, due, hour, until, "utc-date": utcDate };

export function renderTimes(root = document) {
  const now = serverDate();
  for (const element of root.querySelectorAll("time[data-style]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const text = STYLES[element.dataset.style]?.(date, now);
    if (text && element.textContent !== text) element.textContent = text;
    if ("fresh" in element.dataset) element.dataset.fresh = fresh(date, now);
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

// What changes by itself changes together, once a second: each moment of its own would be a paint of its own.
function tick() {
  showClock();
  renderTimes(document.querySelector("[data-live-badge]") ?? undefined);
  document.dispatchEvent(new CustomEvent("clock:ticked"));
}

function showZone() {
  const name = (of) => (of === "UTC" ? "UTC" : fields ? of.split("/").at(-1).replaceAll("_", " ") : "local");
  for (const button of document.querySelectorAll("[data-zone]")) {
    button.querySelector("[data-zone-name]").textContent = name(zone);
    button.title = `Times are in ${zone === "UTC" || fields ? zone : "local time"}; show ${name(zone === "UTC" ? other : "UTC")}`;
  }
  showClock();
  renderTimes();
  document.dispatchEvent(new CustomEvent("zone:changed"));
}

export function startTimes() {
  showZone();
  setInterval(() => document.hidden || renderTimes(), YOUNG);
  setInterval(() => document.hidden || tick(), 1_000);
  document.addEventListener("visibilitychange", () => document.hidden || (renderTimes(), showClock()));
  document.addEventListener("htmx:after:swap", (event) => event.detail.ctx.swap === "none" || renderTimes());
  document.addEventListener("pointerover", nameExactly);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-zone]")) return;
    zone = zone === "UTC" ? other : "UTC";
    try {
      localStorage.setItem(KEY, zone === "UTC" ? "UTC" : "other");
    } catch {
      // it holds until the next page
    }
    showZone();
  });
}
