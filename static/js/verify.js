// The screen proves itself: once a minute, and when the reader comes back, the page says what it shows: the revisions
// of things, raw values, the ids of the first rows of lists. A difference is looked at again after some seconds: it may
// have been a change on its way, and what has moved meanwhile is looked at with the next round.
import { DRAWN_FOR } from "./drawn_for.js";
import { serverDate } from "./server_time.js";
import { renderTimes } from "./time.js";
import { topicsOfPage } from "./topics.js";

const EVERY = 60_000;
const AGAIN = 5_000;
const FIRST_ROWS = 20;

let verifying = false;

function shown() {
  const found = {};
  for (const element of document.querySelectorAll("main [id][data-rev]")) found[element.id] = element.dataset.rev;
  for (const element of document.querySelectorAll("main [data-watch][data-value]")) {
    found[`${element.closest("section[id], p[id]").id}/${element.dataset.watch}`] = element.dataset.value;
  }
  for (const list of document.querySelectorAll("main [data-verified]")) {
    const rows = list.querySelectorAll(":scope > [id]:not([data-outside])");
    found[list.id] = [...rows].slice(0, FIRST_ROWS).map((row) => row.id).join(" ");
  }
  return found;
}

// The names that differ from the database; null if the server did not answer.
async function differing(values, again) {
  const view = new URL(document.body.dataset.liveUrl, location.href).searchParams.get("view");
  const body = JSON.stringify({ view, topics: topicsOfPage(), values, again });
  try {
    const answer = await fetch(`${document.body.dataset.shown ?? "/shown"}${location.search}`, { method: "POST", headers: { "Content-Type": "application/json", "X-Background": "1", ...DRAWN_FOR }, body });
    return answer.ok ? (await answer.json()).differing : null;
  } catch {
    return null;
  }
}

function showVerified() {
  const line = document.querySelector("[data-verified-at]");
  if (!line) return;
  line.hidden = false;
  line.querySelector("time").dateTime = serverDate().toISOString();
  renderTimes(line);
}

// `isUpToDate` draws what has come, and says whether the page claims to be up to date; `refresh` draws it anew.
export function startVerifying(isUpToDate, refresh) {
  async function verify() {
    if (verifying || document.hidden || !isUpToDate()) return;
    const before = shown();
    if (!Object.keys(before).length) return;
    verifying = true;
    const found = await differing(before, false);
    if (found?.length) {
      await new Promise((done) => setTimeout(done, AGAIN));
      const claims = isUpToDate();
      const now = shown();
      const still = Object.fromEntries(found.filter((name) => now[name] === before[name]).map((name) => [name, now[name]]));
      if (claims && Object.keys(still).length && (await differing(still, true))?.length) await refresh();
    } else if (found) {
      showVerified();
      document.dispatchEvent(new CustomEvent("live:verified"));
    }
    verifying = false;
  }
  setInterval(verify, EVERY * (0.9 + Math.random() / 5)); // pages that were opened together ask apart
  document.addEventListener("visibilitychange", () => setTimeout(verify, 1_000));
}
