// A list stands still while one reads it. It says how many SIMs have come to match and which no longer do.
import { DRAWN_FOR } from "./drawn_for.js";
import { count } from "./numbers.js";
import { refreshMain } from "./refresh.js";

const EVERY = 1_000; // at most so often, and at most a tenth of the time,
const LONGEST = 2_000; // but never later than this after an answer, however slow it was: the page says LIVE
const SETTLE = 300; // after a change of the list by hand
const PATIENCE = 20_000; // for an answer

let left = new Set();
let running = false;
let wanted = false; // something has changed that no answer has covered yet
let due = 0;
let timer = 0;

const table = () => document.querySelector("[data-list]");
const drawing = (list) => `${list.dataset.list} ${list.dataset.liveSince}`;

// Whether the list was drawn as of the last change of a SIM that the server has said, or a later one. A server that has
// just started knows of none, and says 0: there may have been changes.
function isUpToDate(list) {
  return reaches(list.dataset.liveSince, document.getElementById("list-mark")?.dataset.seq);
}

// Whether what was drawn as of a point of the stream covers a change: each as <epoch>:<number>.
export function reaches(drawnAt, changedAt) {
  const [drawn, said] = [drawnAt, changedAt].map((at) => at?.split(":"));
  return Boolean(drawn && said) && drawn[0] === said[0] && Number(said[1]) > 0 && Number(said[1]) <= Number(drawn[1]);
}

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
  const failed = !(await compare(list).catch(() => false));
  const took = performance.now() - began;
  running = false;
  due = performance.now() + Math.min(LONGEST, Math.max(EVERY, 10 * took));
  if (failed || wanted) plan();
}

// Asks what the list would show otherwise. False if there was no answer, and it must be asked again.
async function compare(list) {
  const before = drawing(list);
  const shown = onPage(list);
  const address = new URL(list.dataset.list, location.href);
  const since = document.getElementById("list-mark")?.dataset.seq ?? "";
  const answer = await fetch(`${address.pathname}/waiting${address.search}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-Background": "1", ...DRAWN_FOR },
    body: JSON.stringify({ shown, total: Number(list.dataset.total), since }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (answer.redirected || [401, 403, 409].includes(answer.status)) return true; // the stream says so, and leads to where one signs in
  if (!answer.ok) return ![408, 425, 429].includes(answer.status) && answer.status < 500;
  const waiting = await answer.json();
  if (list !== table() || before !== drawing(list)) return true; // it was drawn anew meanwhile, which asks again
  return show(list, shown, waiting);
}

function words({ more, left, others, reordered }) {
  const parts = [];
  if (more > 0) parts.push(`${count(more)} more ${more === 1 ? "matches" : "match"}`);
  const gone = left.length + Math.max(0, -more);
  if (gone) parts.push(`${count(gone)} no longer ${gone === 1 ? "does" : "do"}`);
  if (!parts.length && others) parts.push("Other SIMs belong on this page");
  if (!parts.length && reordered) parts.push("The order has changed");
  return parts.length ? `${parts.join(", ")}.` : "";
}

// Says what waits. False if what was to be drawn at once could not be.
function show(list, shown, waiting) {
  if (!shown.length && waiting.total) return refreshMain(); // nothing can move under the pointer
  const put = (selector, value) => {
    const element = list.querySelector(selector);
    const text = count(value);
    if (element) element.dataset.value = value;
    if (element && element.textContent !== text) element.textContent = text;
  };
  put("[data-list-total]", waiting.total);
  put("[data-list-fleet]", waiting.fleet_total);
  for (const element of list.querySelectorAll("[data-facet]")) {
    const counted = waiting.facets[element.dataset.facet];
    const sims = counted?.[element.dataset.facetValue] ?? (element.dataset.facet === "operator" ? undefined : 0);
    const now = counted && sims !== undefined ? count(sims) : ""; // of operators only the largest are sent
    if (element.textContent !== now) element.textContent = now;
  }
  const text = words(waiting);
  const line = list.querySelector("#sims-waiting");
  line.hidden = !text;
  const said = line.querySelector("[data-list-words]");
  if (said.textContent !== text) said.textContent = text;
  left = new Set(waiting.left);
  mark();
  return true;
}

// A row that left stays where it is, greyed, and says so.
function mark() {
  for (const row of document.querySelectorAll("[data-list] [data-rows] > tr")) {
    const gone = left.has(row.id.replace("sim-", ""));
    row.classList.toggle("has-left", gone);
    const cell = row.querySelector(".sim-iccid");
    const tag = cell.querySelector("[data-left]");
    if (!gone) tag?.remove();
    else if (!tag) {
      const said = document.createElement("span");
      said.className = "tag";
      said.dataset.left = "";
      said.title = said.textContent = "no longer matches";
      cell.append(said);
    }
  }
}

// The ICCIDs of the page in their order, of rows that are still to come as well.
function onPage(list) {
  return [...list.querySelectorAll("[data-rows] > tr, [data-block]")].flatMap((one) => one.dataset.block?.split(",") ?? one.id.replace("sim-", ""));
}

export function startLists() {
  const signal = document.querySelector("[data-list-signal]");
  if (!signal) return;
  // It is said once the page is joined to the stream, and again with each change.
  new MutationObserver(() => table() && !isUpToDate(table()) && plan()).observe(signal, { subtree: true, childList: true, attributes: true });
  document.addEventListener("live:applied", () => left.size && mark());
  const goOn = () => wanted && plan();
  document.addEventListener("visibilitychange", goOn);
  new MutationObserver(goOn).observe(document.body, { attributeFilter: ["data-live"] }); // it was stale, and is not
  for (const event of ["htmx:after:swap", "live:refreshed"]) {
    document.addEventListener(event, (swapped) => {
      if (swapped.detail?.ctx?.swap === "none") return;
      left = new Set();
      plan(SETTLE);
    });
  }
  document.addEventListener("click", (event) => event.target.closest("[data-list-show]") && refreshMain());
}
