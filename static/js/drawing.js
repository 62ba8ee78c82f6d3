// When what has come is drawn: at once, and then again the later the longer it took. And up to when the page has all:
// its "as of".
import { showReceived } from "./badge.js";
import { apply, waitingCount } from "./frames.js";

const SHARE = 1 / 40; // of the time at most, for the work before the browser's own, which is some three times as much;
const LONGEST = 400; // but so soon in any case
const HIDDEN_WAIT = 500;
const HIDDEN_MOST = 200;

let mayDraw = () => false;
let planned = false;
let due = 0; // not before, as performance.now() says it
let markedAt = 0; // up to then all has come
let drawnTo = 0; // and up to then it is drawn; 0 if the page says so already

const isLive = () => document.body.dataset.live === "live";

// Draws what waits at the next frame, or when it is due; in a hidden tab, where there are no frames, a little later.
export function plan() {
  if (!mayDraw()) return undefined;
  if (document.hidden && waitingCount() >= HIDDEN_MOST) return draw();
  if (planned) return undefined;
  planned = true;
  if (document.hidden) return setTimeout(drawAsPlanned, HIDDEN_WAIT);
  return setTimeout(() => requestAnimationFrame(drawAsPlanned), Math.max(0, due - performance.now()));
}

function drawAsPlanned() {
  planned = false;
  draw();
}

export function draw() {
  if (!mayDraw()) return;
  const began = performance.now();
  apply();
  const ended = performance.now();
  due = Math.max(due, ended + Math.min(LONGEST, (ended - began) / SHARE));
  if (markedAt) drawnTo = markedAt;
  markedAt = 0;
}

// Whether the page claims to be up to date, with all drawn that has come.
export function isUpToDate() {
  draw();
  return isLive() && !waitingCount();
}

// Up to this reading of performance.now() all has come.
export function reached(moment) {
  if (!isLive()) return;
  markedAt = moment;
  if (!waitingCount()) drawnTo = moment;
}

// `allowed` says whether anything may be drawn just now.
export function startDrawing(allowed) {
  mayDraw = allowed;
  document.addEventListener("frames:due", plan);
  document.addEventListener("live:refreshed", () => {
    markedAt = drawnTo = 0;
  });
  document.addEventListener("clock:ticked", () => {
    if (drawnTo && isLive()) showReceived(drawnTo);
    drawnTo = 0;
  });
}
