// A SIM beside the list: opened by the space bar on its row, it follows the focus, and is read anew as its row changes.
/* global htmx */
import { DRAWN_FOR } from "./drawn_for.js";
import { inList } from "./list_place.js";

const NARROW = matchMedia("(max-width: 56.1875rem)"); // as peek.css has it
const SETTLE = 120; // ms that the focus stays before a SIM is read
const EVERY = 15_000; // what is no change of the row, such as when its quota runs out
const EVERY_AWAY = 3_000; // of a SIM that has no row on the page: nothing says that it has changed
const AT_MOST = 1_000;
const HEADERS = { Accept: "text/html", "HX-Request": "true", "X-Background": "1", ...DRAWN_FOR };

let open = ""; // the ICCID
let reading = null;
let timer = 0;
let readAt = -Infinity;
let wanted = 0; // the revision that was asked for

const panel = () => document.getElementById("sims-peek");
const rowOf = (iccid) => document.getElementById(`sim-${iccid}`);
const iccidOf = (element) => element.closest?.("[data-list] tr[id^=sim-]")?.id.replace("sim-", "");

function showAddress() {
  const address = new URL(location.href);
  if (open) address.searchParams.set("peek", open);
  else address.searchParams.delete("peek");
  if (!address.search && !open) address.searchParams.set("page", "1"); // without a query it is the default view's
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

function mark() {
  for (const row of document.querySelectorAll("tr.is-peeked")) row.classList.remove("is-peeked");
  rowOf(open)?.classList.add("is-peeked");
}

function plan(after) {
  clearTimeout(timer);
  timer = setTimeout(read, Math.max(after, readAt + AT_MOST - performance.now()));
}

async function read() {
  if (!open) return;
  if (document.hidden || document.body.dataset.live === "stale") return plan(EVERY);
  reading?.abort();
  const mine = reading = new AbortController();
  readAt = performance.now();
  wanted = Number(rowOf(open)?.dataset.rev ?? 0);
  try {
    const answer = await fetch(`/sims/${open}/peek`, { headers: HEADERS, cache: "no-store", signal: mine.signal });
    const text = answer.redirected || !answer.ok ? "" : await answer.text();
    if (mine !== reading || !open) return;
    if (text) await htmx.swap({ text, sourceElement: document.body, target: "#sims-peek", swap: "outerMorph" });
    else fail(answer.status);
  } catch {
    if (mine !== reading || !open) return;
    fail(0);
  }
  panel().removeAttribute("aria-busy");
  plan(rowOf(open) ? EVERY : EVERY_AWAY);
}

// What is shown is of another SIM, or old: it goes.
function fail(status) {
  const said = document.createElement("p");
  said.className = "notice";
  said.setAttribute("role", "alert");
  said.textContent = status === 404 ? "This SIM is not known any more." : "The SIM could not be read: it is tried again.";
  panel().replaceChildren(said);
}

function show(iccid) {
  if (open === iccid) return;
  open = iccid;
  const place = panel();
  place.hidden = false;
  place.setAttribute("aria-busy", "true");
  showAddress();
  mark();
  clearTimeout(timer);
  timer = setTimeout(read, SETTLE);
}

function close() {
  const row = rowOf(open);
  open = "";
  reading?.abort();
  clearTimeout(timer);
  const place = panel();
  const held = place.contains(document.activeElement);
  place.hidden = true;
  place.removeAttribute("aria-busy");
  place.replaceChildren();
  showAddress();
  mark();
  if (held) row?.querySelector("[data-row-link]")?.focus();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
  if (event.key === "Escape" && open && !document.querySelector("dialog[open], .drop[open], :popover-open")) close();
  if (event.key !== " " || !event.target.matches?.("[data-list] [data-row-link]")) return;
  event.preventDefault();
  const iccid = iccidOf(event.target);
  if (NARROW.matches) location.assign(inList(event.target, event.target.closest("[data-list]")));
  else if (open === iccid) close();
  else show(iccid);
}

// A click beside what can be clicked in a row opens its SIM; where a SIM is open beside the list, it is that one instead.
function click(event) {
  const { target } = event;
  if (target.closest("[data-peek-close]")) return close();
  const link = target.closest("[data-peek-open]");
  if (link) link.setAttribute("href", inList(link, document.querySelector("[data-list]")));
  const iccid = iccidOf(target);
  if (!iccid || event.button || target.closest("a, button, input, label, select") || !getSelection().isCollapsed) return;
  const row = rowOf(iccid).querySelector("[data-row-link]");
  if (open && !NARROW.matches) row.focus();
  else row.dispatchEvent(new MouseEvent("click", event));
}

function follow() {
  if (!open) return;
  mark();
  const row = rowOf(open);
  if (row && Number(row.dataset.rev) > wanted) plan(0);
}

export function startPeek() {
  const place = panel();
  if (!place) return;
  open = place.dataset.peek ?? "";
  document.addEventListener("keydown", press);
  document.addEventListener("click", click);
  document.addEventListener("focusin", ({ target }) => {
    if (open && target.matches("[data-row-link]") && iccidOf(target)) show(iccidOf(target));
  });
  document.addEventListener("live:applied", follow);
  for (const event of ["htmx:after:swap", "live:refreshed"]) {
    document.addEventListener(event, () => {
      if (!open) return;
      showAddress();
      follow();
    });
  }
  if (!open) return;
  mark();
  wanted = Number(place.dataset.peekRevision);
  plan(rowOf(open) ? EVERY : EVERY_AWAY);
}
