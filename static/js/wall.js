// The wall screen: live as every page, never asleep, and loud when what it shows is not fresh.
import { startLive } from "./live.js";
import { serverDate } from "./server_time.js";
import { startTimes } from "./time.js";
import { trustHtmx } from "./trust.js";

const IDLE = 3_000;
const { body } = document;

// Why it is not fresh, and since when; null while everything is.
function stale() {
  if (body.dataset.live === "stale") return { why: "The wall is cut off from the server", since: body.dataset.liveSeen };
  const sources = document.getElementById("live-sources-short");
  if (!["warn", "bad"].includes(sources?.dataset.level)) return null;
  const worst = sources.querySelector(`[data-level="${sources.dataset.level}"] time`);
  return { why: sources.dataset.why, since: worst?.dateTime };
}

const two = (number) => String(number).padStart(2, "0");

// Minutes and seconds, with hours in front: 02:14, 1:02:14.
function length(since) {
  const seconds = Math.max(0, Math.floor((serverDate() - new Date(since)) / 1000));
  if (Number.isNaN(seconds)) return "";
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function show() {
  const found = stale();
  const banner = document.getElementById("wall-stale");
  banner.hidden = !found;
  body.toggleAttribute("data-stale", Boolean(found));
  put(banner.querySelector("[data-stale-for]"), found ? length(found.since) : "");
  put(banner.querySelector("[data-stale-why]"), found?.why ?? "");
}

// Browsers let go of the lock with each page that is hidden.
async function stayAwake() {
  try {
    if (!document.hidden) await navigator.wakeLock?.request("screen");
  } catch {
    // the machine does not allow it: its own settings keep the screen on
  }
}

function hidePointer() {
  let timer = 0;
  document.addEventListener("pointermove", () => {
    delete body.dataset.idle;
    clearTimeout(timer);
    timer = setTimeout(() => (body.dataset.idle = ""), IDLE);
  });
}

trustHtmx();
startTimes();
startLive();
show();
new MutationObserver(show).observe(body, { attributeFilter: ["data-live"] });
setInterval(show, 1_000);
stayAwake();
document.addEventListener("visibilitychange", stayAwake);
hidePointer();
document.documentElement.dataset.started = "";
