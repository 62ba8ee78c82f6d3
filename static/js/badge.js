// The badge that says whether the page is live, and the button that stops it from changing under the reader's eyes.
import { serverDate } from "./server_time.js";
import { clock, renderTimes } from "./time.js";

const ICONS = { live: "live", catching: "catching", stale: "stale", paused: "paused" };

let shown = { state: "", since: null, why: "" };

function words(state, since) {
  if (state === "live") return "Console live";
  if (state === "catching") return "Console catching up";
  if (state === "paused") return "Console paused";
  return `Console stale since ${clock(serverDate(since))}`;
}

const LEVELS = ["none", "ok", "warn", "bad"];
const OF_STATE = { live: "ok", catching: "warn", paused: "warn", stale: "bad" };
const ALARM = /^\(!\) [^·]* · /;

// The worst of the three sources gives the badge its colour, and the page's title its first words.
function showWorst() {
  const badge = document.querySelector("[data-live-badge]");
  if (!badge) return;
  const sources = badge.querySelector("#live-sources-short");
  const mine = OF_STATE[shown.state] ?? "warn";
  const theirs = sources?.dataset.level ?? "none";
  const worst = LEVELS.indexOf(theirs) > LEVELS.indexOf(mine) ? theirs : mine;
  if (badge.dataset.level !== worst) badge.dataset.level = worst;
  const wrong = shown.state === "stale" ? "Stale" : sources?.dataset.why;
  const plain = document.title.replace(ALARM, "");
  const title = wrong ? `(!) ${wrong} · ${plain}` : plain;
  if (document.title !== title) document.title = title;
}

// `state` is live, catching, stale or paused; `since` the reading of performance.now() when something was last received.
export function showState(state, since, why = "") {
  shown = { state, since, why };
  const { body } = document;
  body.dataset.liveSeen = serverDate(since).toISOString();
  body.dataset.live = state;
  const badge = document.querySelector("[data-live-badge]");
  const text = badge?.querySelector("[data-live-text]");
  if (!text) return;
  badge.dataset.state = state;
  badge.title = why;
  badge.querySelector("use").setAttribute("href", `#i-${ICONS[state]}`);
  const said = words(state, since);
  if (text.textContent !== said) text.textContent = said; // a screen reader reads it out only when it is new
  showWorst();
}

// Lists that only grow are as fresh as the last sign of life: their "as of" says so.
export function showReceived(moment) {
  for (const element of document.querySelectorAll("time[data-live-received]")) {
    element.dateTime = serverDate(moment).toISOString();
    renderTimes(element.parentElement);
  }
}

export function showPause(paused, waiting) {
  const button = document.querySelector("[data-live-pause]");
  if (!button) return;
  const wait = waiting ? `, ${waiting} ${waiting === 1 ? "change waits" : "changes wait"}` : "";
  const text = paused ? `Resume${wait}` : "Pause";
  if (button.textContent !== text) button.textContent = text;
}

export function startBadge(toggle) {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-live-pause]")) toggle();
  }, true);
  document.addEventListener("submit", (event) => {
    const state = event.target.querySelector("[data-page-state]"); // the server asks again where the page was not live
    if (state) state.value = shown.state;
  }, true);
  const badge = document.querySelector("[data-live-badge]");
  if (badge) new MutationObserver(showWorst).observe(badge, { subtree: true, childList: true, attributeFilter: ["data-level", "data-why"] });
  document.addEventListener("htmx:after:swap", showWorst);
  document.addEventListener("zone:changed", () => shown.state && showState(shown.state, shown.since, shown.why));
}
