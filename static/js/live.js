// The open line to the server: connects, comes back after a cut without losing anything, and says how fresh the page is.
/* global htmx */
import { blockActions, showPause, showState, startBadge } from "./badge.js";
import { apply, take } from "./frames.js";
import { tell } from "./toast.js";

const QUIET = 35_000; // two heartbeats and a bit: the line is dead even if nobody closed it
const GRACE = 2_000; // a cut shorter than this is not worth alarming anyone
const HIDDEN_FLUSH = 500;
const HIDDEN_MOST = 200;
const STEADY = 10_000;
const MESSAGE_MOST = 100; // topics in one message to the server, which takes 4 KiB at most

const { body } = document;
let socket = null;
let greeted = false; // the server has said hello on this socket
let since = body.dataset.liveSince ?? "";
let epoch = since.split(":")[0];
let heardAt = Date.now();
let openedAt = 0;
let attempt = 0;
let retry = 0;
let overdue = 0;
let stopped = false;
let serverStale = "";
let caughtUp = false;
let refreshing = false;
let paused = false;
let scheduled = false;
let topics = new Set();

function pageTopics() {
  return new Set([...document.querySelectorAll("main [data-topic]")].map((element) => element.dataset.topic));
}

function address() {
  const url = new URL(body.dataset.liveUrl, location.href);
  const base = url.searchParams.get("topics");
  url.searchParams.delete("topics");
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const all = [...(base ?? "").split(","), ...topics].filter(Boolean).join(",");
  const ask = [base !== null || all ? `topics=${all}` : "", since ? `since=${since}` : ""].filter(Boolean).join("&");
  return `${url.href}${url.search ? "&" : "?"}${ask}`;
}

function showNow() {
  if (stopped || !socket || serverStale) return showState("stale", heardAt, serverStale);
  if (!caughtUp || refreshing) return showState("catching", heardAt);
  showState(paused ? "paused" : "live", heardAt);
}

function connect() {
  clearTimeout(retry);
  if (stopped || socket || !body.dataset.liveUrl) return;
  topics = pageTopics();
  greeted = false;
  caughtUp = false;
  serverStale = "";
  const line = new WebSocket(address());
  socket = line;
  openedAt = Date.now();
  heardAt = Math.max(heardAt, 0);
  line.addEventListener("message", (event) => line === socket && hear(event.data));
  line.addEventListener("close", (event) => line === socket && closed(event.code));
}

function hear(data) {
  heardAt = Date.now();
  if (data.startsWith("<")) {
    const waiting = take(data, refreshing);
    if (paused) showPause(paused, waiting);
    else plan(waiting);
    return;
  }
  const message = JSON.parse(data);
  MEANING[message.type]?.(message);
}

const MEANING = {
  "stream.hello"(message) {
    greeted = true;
    epoch = message.epoch;
    clearTimeout(overdue);
    if (!message.resumed) caught(message.seq);
    subscribeChanges();
  },
  "stream.mark"(message) {
    caught(message.seq);
  },
  "stream.reset"(message) {
    epoch = message.epoch;
    since = `${epoch}:${message.seq}`;
    refresh();
  },
  "stream.stale"(message) {
    serverStale = message.reason || "The server has lost its own line to the data";
    showNow();
  },
  "stream.live"() {
    serverStale = "";
    showNow();
  },
};

function caught(seq) {
  since = `${epoch}:${seq}`;
  if (caughtUp && body.dataset.live !== "catching") return;
  caughtUp = true;
  showNow();
}

// After a cut: try again soon, then ever more rarely, each browser at its own moment.
function closed(code) {
  socket = null;
  if (Date.now() - openedAt > STEADY) attempt = 0;
  clearTimeout(overdue);
  if (code === 4401) return location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (code === 4403) {
    stopped = true;
    tell("You may not follow this page live. What you see does not change any more.", "error");
    return showNow();
  }
  if (caughtUp || code === 1012 || code === 4408) {
    caughtUp = false;
    showState("catching", heardAt);
    overdue = setTimeout(() => caughtUp || showState("stale", heardAt, "The line to the server is cut"), GRACE);
  } else {
    showState("stale", heardAt, code === 4429 ? "Too many pages are open" : "The line to the server is cut");
  }
  retry = setTimeout(connect, pauseBefore(code));
}

function pauseBefore(code) {
  attempt += 1;
  if (code === 4429) return 30_000;
  if (code === 1012) return 1_000 + Math.random() * 4_000;
  if (code === 4408 && attempt === 1) return 0;
  return Math.min(30_000, 500 * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

function hangUp(code = 4000) {
  const line = socket;
  if (!line) return;
  line.close(1000);
  closed(code);
}

// Draws what waits at the next frame; in a hidden tab, where there are no frames, a little later.
function plan(waiting) {
  if (refreshing || (scheduled && waiting < HIDDEN_MOST)) return;
  if (document.hidden && waiting >= HIDDEN_MOST) return flush();
  if (scheduled) return;
  scheduled = true;
  if (document.hidden) setTimeout(flush, HIDDEN_FLUSH);
  else requestAnimationFrame(flush);
}

function flush() {
  scheduled = false;
  if (paused || refreshing) return;
  if (apply()) document.dispatchEvent(new CustomEvent("live:applied"));
}

// The past is gone: draw the page anew, under the reader's hands, then go on with what came meanwhile.
async function refresh(wait = 0) {
  if (refreshing && !wait) return;
  refreshing = true;
  showNow();
  await new Promise((done) => setTimeout(done, wait));
  let text = "";
  try {
    const answer = await fetch(location.href, {
      headers: { Accept: "text/html", "HX-Request": "true", "HX-Request-Type": "full" },
      cache: "no-store",
    });
    if (answer.redirected || answer.status === 401) return location.reload();
    if (answer.ok) text = await answer.text();
  } catch {
    // no answer: asked again below
  }
  if (!text) return refresh(2_000 + Math.random() * 4_000);
  htmx.swap({ text, sourceElement: body, target: "#main", select: "#main", swap: "outerMorph" });
  refreshing = false;
  caughtUp = true;
  subscribeChanges();
  flush();
  showNow();
  document.dispatchEvent(new CustomEvent("live:refreshed"));
}

// Rows that came or went with a search or another page: follow these, leave those. `since` is when the rows were drawn.
function subscribeChanges() {
  if (!greeted || socket?.readyState !== WebSocket.OPEN) return;
  const wanted = pageTopics();
  const added = [...wanted].filter((topic) => !topics.has(topic));
  const removed = [...topics].filter((topic) => !wanted.has(topic));
  const drawn = document.querySelector("main [data-live-since]")?.dataset.liveSince || undefined;
  topics = wanted;
  send("unsubscribe", removed);
  send("subscribe", added, drawn);
}

function send(type, list, drawn) {
  for (let start = 0; start < list.length; start += MESSAGE_MOST) {
    socket.send(JSON.stringify({ type, topics: list.slice(start, start + MESSAGE_MOST), since: drawn }));
  }
}

function togglePause() {
  paused = !paused;
  showPause(paused, 0);
  if (!paused) flush();
  showNow();
}

export function startLive() {
  startBadge(togglePause);
  if (!body.dataset.liveUrl) return;
  showState("catching", heardAt);
  overdue = setTimeout(() => caughtUp || showState("stale", heardAt, "The line to the server is cut"), QUIET / 7);
  connect();
  setInterval(() => socket && Date.now() - heardAt > QUIET && Date.now() - openedAt > QUIET && hangUp(), 2_500);
  window.addEventListener("online", () => { attempt = 0; connect(); });
  window.addEventListener("offline", () => hangUp());
  window.addEventListener("pagehide", () => { const line = socket; socket = null; clearTimeout(retry); line?.close(1000); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { attempt = 0; connect(); } });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { scheduled = false; flush(); connect(); } });
  document.addEventListener("htmx:after:swap", (event) => {
    blockActions();
    if (event.detail.ctx.swap !== "none") subscribeChanges();
  });
}
