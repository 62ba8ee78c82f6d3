// The screen proves itself: once a minute, and when the reader comes back, the page says which states it shows.
// A difference is looked at again after some seconds: it may have been a change on its way.
import { topicsOfPage } from "./topics.js";

const EVERY = 60_000;
const AGAIN = 5_000;

let verifiedAt = null;
let verifying = false;

// The reading of performance.now() when the page last agreed with the database; null before the first time.
export function lastVerified() {
  return verifiedAt;
}

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
    const answer = await fetch("/shown", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return answer.ok ? (await answer.json()).differing : null;
  } catch {
    return null;
  }
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
      verifiedAt = performance.now();
      document.dispatchEvent(new CustomEvent("live:verified"));
    }
    verifying = false;
  }
  setInterval(verify, EVERY * (0.9 + Math.random() / 5)); // pages that were opened together ask apart
  document.addEventListener("visibilitychange", () => setTimeout(verify, 1_000));
}
