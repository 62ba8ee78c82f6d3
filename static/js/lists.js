// A list stands still while one reads it. It says how many SIMs have come to match and which no longer do.
import { refreshMain } from "./refresh.js";

const EVERY = 1_000; // at most so often, and at most a tenth of the time
const SETTLE = 300; // after a change of the list by hand
const number = new Intl.NumberFormat("en");

let left = new Set();
let running = false;
let wanted = false;
let due = 0;
let timer = 0;

const table = () => document.querySelector("[data-list]");

function plan(after = 0) {
  wanted = true;
  if (running || document.hidden || document.body.dataset.live === "stale" || !table()) return;
  clearTimeout(timer);
  timer = setTimeout(check, Math.max(after, due - performance.now()));
}

async function check() {
  const list = table();
  if (!list || running) return;
  running = true;
  wanted = false;
  const began = performance.now();
  const shown = [...list.querySelectorAll("[data-rows] > tr")].map((row) => row.id.replace("sim-", ""));
  try {
    const address = new URL(list.dataset.list, location.href);
    const answer = await fetch(`${address.pathname}/waiting${address.search}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-Background": "1" },
      body: JSON.stringify({ shown, total: Number(list.dataset.total) }),
    });
    if (answer.redirected) return; // signed out: the stream says so, and leads to where one signs in
    if (answer.ok && list === table() && list.isConnected) show(list, shown, await answer.json());
  } catch {
    wanted = true; // no answer: the next sign of life asks again
  }
  running = false;
  due = performance.now() + Math.max(EVERY, 10 * (performance.now() - began));
  if (wanted) plan();
}

function words({ more, left, others, reordered }) {
  const parts = [];
  if (more > 0) parts.push(`${number.format(more)} more ${more === 1 ? "matches" : "match"}`);
  const gone = left.length + Math.max(0, -more);
  if (gone) parts.push(`${number.format(gone)} no longer ${gone === 1 ? "does" : "do"}`);
  if (!parts.length && others) parts.push("Other SIMs belong on this page");
  if (!parts.length && reordered) parts.push("The order has changed");
  return parts.length ? `${parts.join(", ")}.` : "";
}

function show(list, shown, waiting) {
  if (!shown.length && waiting.total) return void refreshMain(); // nothing can move under the pointer
  const put = (selector, value) => {
    const element = list.querySelector(selector);
    const text = number.format(value);
    if (element && element.textContent !== text) element.textContent = text;
  };
  put("[data-list-total]", waiting.total);
  put("[data-list-fleet]", waiting.fleet_total);
  const text = words(waiting);
  const line = list.querySelector("#sims-waiting");
  line.hidden = !text;
  const said = line.querySelector("[data-list-words]");
  if (said.textContent !== text) said.textContent = text;
  left = new Set(waiting.left);
  mark();
}

// A row that left stays where it is, greyed, and says so.
function mark() {
  for (const row of document.querySelectorAll("[data-list] [data-rows] > tr")) {
    const gone = left.has(row.id.replace("sim-", ""));
    row.classList.toggle("has-left", gone);
    const cell = row.firstElementChild;
    const tag = cell.querySelector("[data-left]");
    if (!gone) tag?.remove();
    else if (!tag) {
      const said = document.createElement("span");
      said.className = "tag";
      said.dataset.left = "";
      said.textContent = "no longer matches";
      cell.append(said);
    }
  }
}

export function startLists() {
  const signal = document.querySelector("[data-list-signal]");
  if (!signal) return;
  new MutationObserver(() => plan()).observe(signal, { subtree: true, childList: true, attributes: true });
  document.addEventListener("live:applied", () => left.size && mark());
  document.addEventListener("visibilitychange", () => document.hidden || (wanted && plan()));
  for (const event of ["htmx:after:swap", "live:refreshed"]) {
    document.addEventListener(event, (swapped) => {
      if (swapped.detail?.ctx?.swap === "none") return;
      left = new Set();
      plan(SETTLE);
    });
  }
  document.addEventListener("click", (event) => event.target.closest("[data-list-show]") && refreshMain());
  plan(EVERY);
}
