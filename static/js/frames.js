// What the server sends: parts of the page, each with the place where it belongs. Kept here until they are applied.
/* global htmx */
import { withSeparators } from "./numbers.js";
import { takes } from "./tail.js";
import { renderTimes } from "./time.js";

const MOST_IN_LIST = 50;
const FLASH = 1_600;
const CALM = 2_000;

// What is marked as just changed, and until when.
const flashing = new Map();

// When a calm list last took new rows, by its id.
const grown = new Map();
let timer = 0;

// One entry for one place: of a thing's state only the latest is worth drawing. Lists keep what is new to them.
const waiting = new Map();

function limit(list) {
  return Number(list.dataset.limit) || MOST_IN_LIST;
}

// Keeps the parts of a message: { target, swap, html, id, revision }. `absentToo` keeps those whose place is not there.
// Those for what never stands still, such as the state of the sources, are drawn at once.
export function take(parts, absentToo = false) {
  for (const { target, html: drawn, swap = "outerMorph", id, revision = NaN, about } of parts) {
    const html = withSeparators(drawn);
    const place = document.getElementById(target);
    if (place?.closest("[data-always]")) {
      const there = swap !== "outerMorph" && id && document.getElementById(id);
      swapIn([there ? { target: id, swap: "outerMorph", html } : { target, swap, html }]);
      continue;
    }
    if (!place && !absentToo && !(id && document.getElementById(id))) continue;
    if (place && about && !takes(place, about)) continue;
    const key = swap === "outerMorph" ? target : `${target} ${id}`;
    const before = waiting.get(key);
    const updates = (before?.updates ?? 0) + 1;
    if (!(before?.revision > revision)) waiting.set(key, { target, swap, html, id, revision, about, updates });
    if (swap !== "outerMorph") forgetOldest(target, place ? limit(place) : MOST_IN_LIST);
  }
}

// What waits was committed before now: a page that is drawn from now on has it, or rightly has it no more.
export function forgetWaiting() {
  waiting.clear();
}

export function waitingCount() {
  return waiting.size;
}

// How many things changed, as people count them: when 1NCE last confirmed a row, or the inventory, is no change of it.
export function changesWaiting() {
  return [...waiting.keys()].filter((key) => !key.startsWith("confirmed-") && key !== "data-age").length;
}

function forgetOldest(target, most) {
  const keys = [...waiting.keys()].filter((key) => key.startsWith(`${target} `));
  for (const key of keys.slice(0, Math.max(keys.length - most, 0))) waiting.delete(key);
}

// How long a calm place stands still: as long as it is pointed at or has the focus, and a while after its last change.
function heldFor(place) {
  if (document.hidden || !("calm" in place.dataset)) return 0;
  if (place.matches(":hover, :focus-within")) return Infinity;
  return Math.max(0, (grown.get(place.id) ?? -CALM) + CALM - performance.now());
}

// Says how much waits, and comes back to it in time.
function showHeld(place, count, wait, what) {
  const note = document.querySelector(`[data-held="${place.id}"]`);
  const waits = `${count} ${what}${what === "update" && count !== 1 ? "s" : ""} ${count === 1 ? "waits" : "wait"}`;
  const text = count && wait === Infinity ? `${waits} while you are here` : "";
  if (note && note.textContent !== text) note.textContent = text;
  if (!count || timer) return;
  timer = setTimeout(() => {
    timer = 0;
    document.dispatchEvent(new CustomEvent("frames:due"));
  }, Math.min(wait, CALM / 4) + 20);
}

// What can be drawn now: each piece with its place, and none that would take a thing back to an older state.
function drawable() {
  const parts = [];
  const held = new Map();
  for (const [key, part] of waiting) {
    const list = document.getElementById(part.target);
    if (part.swap === "outerMorph") {
      const wait = list ? heldFor(list) : 0;
      if (list && "calm" in list.dataset) held.set(list, [wait > 0 ? part.updates : 0, wait, "update"]);
      if (wait > 0) continue;
      if (list && !(Number(list.dataset.rev) > part.revision)) parts.push({ ...part, element: list });
    } else if (part.id && document.getElementById(part.id)) {
      const element = document.getElementById(part.id);
      if (!(Number(element.dataset.rev) > part.revision)) parts.push({ ...part, target: part.id, swap: "outerMorph", element });
    } else if (list && (!part.about || takes(list, part.about))) {
      const wait = heldFor(list);
      held.set(list, [(held.get(list)?.[0] ?? 0) + (wait > 0), wait, "new"]);
      if (wait > 0) continue; // it stays, for later
      parts.push(part);
    }
    waiting.delete(key);
  }
  for (const [list, [count, wait, what]] of held) {
    if (!count) grown.set(list.id, performance.now());
    showHeld(list, count, wait, what);
  }
  return parts;
}

// What a part says without its times: an age that grows is no change.
function words(part) {
  return [...part.querySelectorAll("time")].reduce((text, time) => text.replace(time.textContent, ""), part.textContent);
}

// The words that the reader watches inside an element, by name.
function watched(element) {
  return new Map([...element.querySelectorAll("[data-watch]")].map((part) => [part.dataset.watch, words(part)]));
}

// Two paints and no animation: a fade would keep the browser painting for as long as anything changes. They end with
// the clock's tick, in its paint.
function flash(element) {
  if (document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  element.classList.add("flash");
  flashing.set(element, performance.now() + FLASH);
}

function endFlashes() {
  const now = performance.now();
  for (const [element, until] of flashing) {
    if (until > now) continue;
    element.classList.remove("flash");
    flashing.delete(element);
  }
}
document.addEventListener("clock:ticked", endFlashes);

function flashChanges(element, before) {
  for (const part of element.querySelectorAll("[data-watch]")) {
    if (before.has(part.dataset.watch) && before.get(part.dataset.watch) !== words(part)) flash(part);
  }
}

function swapIn(parts) {
  const text = parts.map(({ target, swap, html }) => `<hx-partial hx-target="#${target}" hx-swap="${swap}">${html}</hx-partial>`);
  htmx.swap({ text: text.join(""), sourceElement: document.body, target: document.body, swap: "none" });
  for (const { target, swap, id } of parts) {
    const element = document.getElementById(swap === "outerMorph" ? target : id);
    if (element) renderTimes(element.matches("time") ? element.parentElement : element);
  }
}

// Draws all that waits, in one pass. Rows are changed where they stand: they never move, and keep their focus.
export function apply() {
  const parts = drawable();
  if (!parts.length) return;
  const before = new Map(parts.filter((part) => part.element).map((part) => [part.target, watched(part.element)]));
  swapIn(parts);
  for (const { target, swap, id } of parts) {
    const element = document.getElementById(swap === "outerMorph" ? target : id);
    if (!element) continue;
    if (swap !== "outerMorph" && !admits(element.parentElement, element)) {
      element.remove();
      continue;
    }
    if (swap === "outerMorph") showEmpty(element);
    else settle(element);
    markLeft(element);
    if (before.has(target)) flashChanges(element, before.get(target));
    else flash(element);
  }
  for (const list of new Set(parts.filter((part) => part.swap !== "outerMorph").map((part) => part.target))) trim(list);
  document.dispatchEvent(new CustomEvent("live:applied"));
}

// A filtered list says what it takes, as data-only-state="failed"; a row says what it is, as data-state="done".
function admits(list, row) {
  return Object.entries(list?.dataset ?? {}).every(([name, wanted]) => {
    if (!name.startsWith("only")) return true;
    return row.dataset[name[4].toLowerCase() + name.slice(5)] === wanted;
  });
}

// A row that the list's filter no longer lets through stays where it is, and says so.
function markLeft(row) {
  if (!admits(row.parentElement, row)) {
    row.dataset.outside = "";
    row.setAttribute("aria-description", "no longer matches the filter");
  } else if ("outside" in row.dataset) {
    delete row.dataset.outside;
    row.removeAttribute("aria-description");
  }
}

// A new row comes in on top, and stands where the database's order puts it: what comes late is not the latest. Where
// more follows than the list shows, a row that would be the last is not known to be the next: it is not shown.
function settle(row) {
  let above = null;
  for (let next = row.nextElementSibling; next && next.dataset.order > row.dataset.order; next = next.nextElementSibling) above = next;
  above?.after(row);
  if (above && !row.nextElementSibling && "more" in row.parentElement.dataset) row.remove();
}

// A list that is drawn anew can also empty: the line in its place comes and goes.
function showEmpty(list) {
  const line = document.querySelector(`[data-until="${list.id}"]`);
  if (line) line.hidden = list.children.length > 0;
}

// The link to what has left the list at its end: its page begins behind the row that is the last now.
function leadOn(list) {
  const link = document.querySelector(`[data-older-of="${list.id}"]`);
  if (!link) return;
  const address = new URL(location.href);
  address.searchParams.set(link.dataset.parameter, list.lastElementChild.dataset.order);
  link.href = address.pathname + address.search;
  link.hidden = link.parentElement.hidden = false;
}

function trim(id) {
  const list = document.getElementById(id);
  const most = limit(list);
  if (list.children.length > most) {
    list.dataset.more = "";
    while (list.children.length > most) list.lastElementChild.remove();
    leadOn(list);
  }
  if (list.children.length) document.querySelector(`[data-until="${id}"]`)?.remove();
}
