// New alerts: one message for those of a rule, read out if critical, and a sound and a notification where they are wanted.
import { noteArrival, noteEnd } from "./alert_signals.js";

const READ_OUT = "console.alerts.read-out";
const REMEMBERED = 50;
const TOGETHER = 300; // alerts that fire within so many milliseconds are one arrival
const others = new WeakMap(); // by message, for how many it stands besides its own
let arrived = [];
let said = [];

// Which critical alerts were read out in this tab, on whichever of its pages.
function readBefore() {
  try {
    return JSON.parse(sessionStorage.getItem(READ_OUT)) ?? [];
  } catch {
    return said;
  }
}

// Reads a critical alert out at once, whatever else is being read; each once.
export function readOut(id, title) {
  const before = readBefore();
  if (before.includes(id)) return;
  said = [...before, id].slice(-REMEMBERED);
  try {
    sessionStorage.setItem(READ_OUT, JSON.stringify(said));
  } catch {
    // it is remembered until the next page
  }
  const region = document.getElementById("critical");
  if (region) region.textContent = `Critical alert: ${title}`;
}

// The newest alert of a rule stands for those of the same rule before it.
function fold(toast, region) {
  let more = 0;
  for (const other of region.querySelectorAll("[data-rule]")) {
    if (other === toast || other.dataset.rule !== toast.dataset.rule) continue;
    if (!others.has(other)) arrive(other); // it came together with this one
    more += 1 + (others.get(other) ?? 0);
    other.remove();
  }
  others.set(toast, more);
}

function showOthers(toast) {
  const place = toast.querySelector("[data-others]");
  const words = others.get(toast) ? `and ${others.get(toast)} more of this rule` : "";
  if (place.textContent !== words) place.textContent = words;
}

function arrive(toast) {
  const title = toast.querySelector("[data-alert-title]").textContent;
  const { alert, severity } = toast.dataset;
  if (!arrived.length) setTimeout(announce, TOGETHER);
  arrived.push({ id: alert, severity, title });
}

function announce() {
  const now = arrived;
  arrived = [];
  const critical = now.filter(({ severity }) => severity === "critical");
  for (const { id, title } of critical) readOut(id, critical.length > 1 ? `${title}, and ${critical.length - 1} more` : title);
  noteArrival(now);
}

export function startAlertMessages() {
  const region = document.getElementById("messages");
  if (!region) return;
  new MutationObserver(() => {
    for (const toast of region.querySelectorAll("[data-alert]")) {
      if (!toast.isConnected) continue;
      if ("over" in toast.dataset) {
        noteEnd(toast.dataset.alert);
        toast.remove();
        continue;
      }
      if (!others.has(toast)) {
        fold(toast, region);
        arrive(toast);
      }
      showOthers(toast);
    }
  }).observe(region, { childList: true, subtree: true, attributeFilter: ["data-over"] });
}
