// A SIM that is opened from a list knows it: its address has the list's, and leads back, on and to the one before.
/* global htmx */
import { rowOf } from "./blocks.js";
import { DRAWN_FOR } from "./drawn_for.js";
import { reaches } from "./lists.js";

const LAST = "console.last-sim"; // that was looked at, where the list takes the focus up again
const SCROLLED = "console.list-scrolled"; // the list that was left last, and where it stood
const LONGEST = 8_000; // characters of a list's address that a link carries
const EVERY = 2_000; // at most so often, and at most a tenth of the time
const HEADERS = { Accept: "text/html", "HX-Request": "true", "X-Background": "1", ...DRAWN_FOR };

let timer = 0;
let asking = false;
let again = false; // something has changed while it was asked
let due = 0;

function stored(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null; // storage is forbidden: the focus is where the browser puts it
  }
}

function store(name, value) {
  try {
    if (value) sessionStorage.setItem(name, value);
    else sessionStorage.removeItem(name);
  } catch {
    // as above
  }
}

// The address of a SIM in the list that is shown. Rows are drawn for everybody who has them, without it.
export function inList(link, list) {
  const query = new URLSearchParams(new URL(list.dataset.list, location.href).search);
  query.delete("peek");
  const address = `${link.pathname}?list=${encodeURIComponent(query)}`;
  return address.length > LONGEST ? link.pathname : address;
}

function decorate({ target }) {
  const link = target.closest?.("[data-list] [data-row-link]");
  if (!link) return;
  const address = inList(link, link.closest("[data-list]"));
  if (link.getAttribute("href") !== address) link.setAttribute("href", address);
}

// The page before this one, where the browser says it.
function before() {
  const { navigation } = window;
  return navigation?.currentEntry ? navigation.entries()[navigation.currentEntry.index - 1]?.url : undefined;
}

function withoutPage(address) {
  const found = new URL(address, location.href);
  for (const name of ["page", "page_size", "peek"]) found.searchParams.delete(name);
  found.searchParams.sort();
  return found.pathname + found.search;
}

function click(event) {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const step = event.target.closest("[data-step]");
  if (step) {
    event.preventDefault();
    location.replace(step.href); // so that Back leads to the list, however many were looked at
    return;
  }
  const back = event.target.closest("[data-list-back]");
  const list = back && before();
  if (list && withoutPage(list) === withoutPage(back.href)) {
    event.preventDefault();
    history.back();
  }
}

// Draws the place anew, with the next and previous SIM as they are now. One that is pointed at stays where it is.
async function ask() {
  const place = document.querySelector("[data-place]");
  again ||= asking;
  if (!place || asking || document.hidden) return;
  asking = true;
  const began = performance.now();
  due = began + EVERY;
  try {
    const answer = await fetch(place.dataset.place, { headers: HEADERS, cache: "no-store" });
    if (!answer.redirected && answer.ok) {
      await htmx.swap({ text: await answer.text(), sourceElement: document.body, target: "#sim-place", swap: "outerMorph" });
    }
  } catch {
    again = true; // no answer
  }
  due = Math.max(due, began + 10 * (performance.now() - began));
  asking = false;
  if (again) plan();
  again = false;
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(ask, Math.max(0, due - performance.now()));
}

// Back leads by the link, and not by the browser, if it is clicked before this script has come.
function remember() {
  if (document.querySelector("[data-list]")) store(SCROLLED, JSON.stringify([withoutPage(location.href), scrollY]));
}

async function takeUp() {
  const list = document.querySelector("[data-list]");
  const last = list && stored(LAST);
  if (!last) return;
  store(LAST, null);
  const row = await rowOf(last);
  const [left, scrolled] = JSON.parse(stored(SCROLLED) ?? "[]");
  if (left === withoutPage(location.href)) scrollTo({ top: scrolled, behavior: "instant" });
  row?.querySelector("[data-row-link]")?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

export function startListPlace() {
  for (const event of ["pointerdown", "focusin", "click", "auxclick"]) document.addEventListener(event, decorate, true);
  document.addEventListener("click", click);
  window.addEventListener("pagehide", remember);
  window.addEventListener("pageshow", takeUp);
  if (document.readyState === "complete") takeUp(); // this came after the page was shown
  const signal = document.querySelector("[data-place-signal]");
  if (!signal) return;
  store(LAST, location.pathname.split("/").pop());
  new MutationObserver(() => {
    const said = document.getElementById("list-mark")?.dataset.seq;
    if (!reaches(document.body.dataset.liveSince, said)) plan();
  }).observe(signal, { subtree: true, childList: true, attributes: true });
  document.addEventListener("visibilitychange", plan);
}
