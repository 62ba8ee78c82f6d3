// The WebSocket to the server: connects, comes back after a cut without losing anything, and says how fresh the page is.
import { showPause, showState, startBadge } from "./badge.js";
import { draw, isUpToDate, plan, reached, startDrawing } from "./drawing.js";
import { changesWaiting, forgetWaiting, take } from "./frames.js";
import { refreshMain } from "./refresh.js";
import { hasJumped, setServerTime } from "./server_time.js";
import { sessionEnded } from "./session_end.js";
import { notify } from "./toast.js";
import { address, changes } from "./topics.js";
import { startVerifying } from "./verify.js";

const QUIET = 35_000; // two heartbeats and a bit: the connection is dead even if nobody closed it
const GRACE = 2_000; // a cut shorter than this is not worth a word
const FIRST_GRACE = 5_000;
const STEADY = 10_000; // a connection that lasted so long was a good one: the next failure is the first again
const OUTDATED = "page-outdated"; // what the server names when lists have gained or lost what no part says
const CUT = "The connection to the server is cut";

const { body } = document;
let socket = null;
let greeted = false; // the server has said hello on this socket
let since = body.dataset.liveSince ?? "";
let epoch = since.split(":")[0];
let receivedAt = performance.now(); // this and the like: of the timer that no clock moves
let openedAt = 0;
let attempt = 0;
let retry = 0;
let overdue = 0;
let stopped = false;
let serverStale = "";
let caughtUp = false;
let refreshing = false;
let outdated = false; // the page must be drawn anew: another time, or when the reader lets it go on
let paused = false;

function showNow() {
  if (stopped || !socket || serverStale) return showState("stale", receivedAt, serverStale || CUT);
  if (!caughtUp || refreshing) return showState("catching", receivedAt);
  return showState(paused ? "paused" : "live", receivedAt);
}

function connect() {
  clearTimeout(retry);
  if (stopped || socket) return;
  greeted = false;
  caughtUp = false;
  serverStale = "";
  openedAt = performance.now();
  const opened = new WebSocket(address(since));
  socket = opened;
  opened.addEventListener("message", (event) => opened === socket && receive(event.data));
  opened.addEventListener("close", (event) => opened === socket && closed(event.code));
}

function receive(data) {
  receivedAt = performance.now();
  const message = JSON.parse(data);
  HANDLERS[message.type]?.(message); // an unknown type is for a newer page
}

const HANDLERS = {
  "page.changed"(message) {
    take(message.parts, refreshing);
    if (message.parts.some((part) => part.target === OUTDATED)) {
      outdated = true;
      if (!paused) refresh();
    }
    if (paused) showPause(paused, changesWaiting());
    else plan();
  },
  "stream.hello"(message) {
    setServerTime(message.time);
    greeted = true;
    epoch = message.epoch;
    clearTimeout(overdue);
    if (message.resumed) showNow();
    else caught(message.seq);
    follow();
  },
  "stream.mark"(message) {
    caught(message.seq);
  },
  "stream.heartbeat"(message) {
    setServerTime(message.time);
    reached(receivedAt);
  },
  "stream.reset"(message) {
    epoch = message.epoch;
    since = `${epoch}:${message.seq}`;
    outdated = true;
    if (!paused) refresh();
  },
  "stream.stale"(message) {
    serverStale = message.reason || "The server has lost its connection to the data";
    showNow();
  },
  "stream.live"() {
    serverStale = "";
    showNow();
  },
};

function caught(seq) {
  since = `${epoch}:${seq}`;
  if (!caughtUp) {
    caughtUp = true;
    showNow();
  }
  reached(receivedAt);
}

function closed(code) {
  socket = null;
  clearTimeout(overdue);
  if (code === 4401) {
    sessionEnded();
    return location.assign(body.dataset.signIn ?? `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (code === 4403) {
    stopped = true;
    notify("You may not follow this page live. What you see does not change any more.", "error");
    return showNow();
  }
  if (caughtUp) {
    catchUp(GRACE);
  } else {
    showState("stale", receivedAt, code === 4429 ? "Too many pages are open: this one waits" : CUT);
  }
  caughtUp = false;
  if (performance.now() - openedAt > STEADY) attempt = 0;
  attempt += 1;
  retry = setTimeout(connect, waitAfter(code));
}

// Try again soon, then ever more rarely, each browser at its own moment.
function waitAfter(code) {
  if (code === 4429) return 30_000;
  if (code === 1012) return 1_000 + Math.random() * 4_000;
  if (code === 4408 && attempt === 1) return 0;
  return Math.min(30_000, 500 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

// Leaves the socket to close by itself: on a dead connection its own `close` would take minutes to come.
function hangUp() {
  const left = socket;
  if (!left) return;
  closed(1006);
  left.close();
}

// What was missed is gone: draw the page anew, then go on with what came meanwhile.
async function refresh() {
  if (refreshing) return;
  refreshing = true;
  showNow();
  do {
    outdated = false;
    forgetWaiting();
    while (!(await refreshMain())) await new Promise((done) => setTimeout(done, 2_000 + Math.random() * 4_000));
  } while (outdated && !paused);
  refreshing = false;
  follow();
  draw();
  showNow();
}

function follow(redrawn = false) {
  if (greeted && socket?.readyState === WebSocket.OPEN) for (const message of changes(redrawn)) socket.send(message);
}

function togglePause() {
  paused = !paused;
  showPause(paused, 0);
  if (!paused && outdated) refresh();
  else draw();
  showNow();
}

// Says that the page is behind; after so many milliseconds without better news, that it stands still.
function catchUp(grace) {
  showState("catching", receivedAt);
  clearTimeout(overdue);
  overdue = setTimeout(() => caughtUp || showState("stale", receivedAt, CUT), grace);
}

function comeBack() {
  attempt = 0;
  connect();
}

export function startLive() {
  if (!body.dataset.liveUrl) return;
  startBadge(togglePause);
  startDrawing(() => !paused && !refreshing);
  startVerifying(isUpToDate, refresh);
  catchUp(FIRST_GRACE);
  connect();
  setInterval(() => {
    if (hasJumped() || performance.now() - Math.max(receivedAt, openedAt) > QUIET) hangUp();
  }, 2_500);
  window.addEventListener("online", comeBack);
  window.addEventListener("offline", hangUp);
  window.addEventListener("pagehide", () => {
    const left = socket;
    socket = null;
    clearTimeout(retry);
    left?.close(1000);
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    caughtUp = false;
    catchUp(GRACE);
    comeBack();
  });
  document.addEventListener("live:applied", () => follow()); // rows that have come in have topics of their own
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (hasJumped()) hangUp();
    draw();
    if (!socket) comeBack();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.swap !== "none") follow(true);
  });
}
