// Once the session has ended, "Back" shows nothing of the pages before: browsers keep them as they were left.
const KEY = "sim-console-session-ended";
const loadedAt = Date.now();
let ended = false;

// To be called where this page learns it: the pages that the browser keeps learn it from here.
export function sessionEnded() {
  ended = true;
  try {
    localStorage.setItem(KEY, String(Date.now()));
  } catch {
    // without storage only this page knows
  }
}

function endedSince() {
  try {
    return Number(localStorage.getItem(KEY)) > loadedAt;
  } catch {
    return ended;
  }
}

export function watchSessionEnd() {
  document.addEventListener("submit", (event) => event.target.matches("form[action='/sign-out']") && sessionEnded());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted || !(ended || endedSince())) return;
    document.body.replaceChildren();
    location.reload();
  });
}
