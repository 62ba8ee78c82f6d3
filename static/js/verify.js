// The screen proves itself: once a minute, and when the reader comes back, the page says which states it shows.
// A difference is looked at again after some seconds: it may have been a change on its way.
import { serverDate } from "./server_time.js";
import { renderTimes } from "./time.js";
import { topicsOfPage } from "./topics.js";

const EVERY = 60_000;
const AGAIN = 5_000;

let verifying = false;

function revisions(ids) {
  const found = {};
  for (const element of document.querySelectorAll("main [id][data-rev]")) {
    if (!ids || ids.includes(element.id)) found[element.id] = Number(element.dataset.rev);
  }
  return found;
}

// The ids that differ from the database; null if the server did not answer.
async function differing(ids) {
  const view = new URL(document.body.dataset.liveUrl, location.href).searchParams.get("view");
  const body = JSON.stringify({ view, topics: topicsOfPage(), revisions: revisions(ids), again: Boolean(ids) });
  try {
    const answer = await fetch("/shown", { method: "POST", headers: { "Content-Type": "application/json", "X-Background": "1" }, body });
    return answer.ok ? (await answer.json()).differing : null;
  } catch {
    return null;
  }
}

function showVerified() {
  const line = document.querySelector("[data-verified]");
  if (!line) return;
  line.hidden = false;
  line.querySelector("time").dateTime = serverDate().toISOString();
  renderTimes(line);
}

// `isLive` says whether the page claims to be up to date; `refresh` draws it anew.
export function startVerifying(isLive, refresh) {
  async function verify() {
    if (verifying || document.hidden || !isLive() || !Object.keys(revisions()).length) return;
    verifying = true;
    let found = await differing();
    if (found?.length) {
      await new Promise((done) => setTimeout(done, AGAIN));
      found = isLive() ? await differing(found) : null;
      if (found?.length) await refresh();
    }
    if (found && !found.length) {
      showVerified();
      document.dispatchEvent(new CustomEvent("live:verified"));
    }
    verifying = false;
  }
  setInterval(verify, EVERY * (0.9 + Math.random() / 5)); // pages that were opened together ask apart
  document.addEventListener("visibilitychange", () => setTimeout(verify, 1_000));
}
