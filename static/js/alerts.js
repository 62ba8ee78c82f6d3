// What fires now: how many, in the page's title and icon; and the strip's button, which is guarded.
import { startAlertMessages, readOut } from "./alert_messages.js";
import { showIcon } from "./favicon.js";
import { notify } from "./toast.js";

const COUNT = /^\(\d+\) /;
const changes = new MutationObserver(show); // the strip is drawn at once, on a paused page too
let watched;
const NEW_MS = 1000; // so long a press may still be meant for the alert that stood there before
const NEXT_MS = 2000; // after an acknowledgement: a second, slow click
let moved = { id: null, at: -Infinity }; // the alert that the strip shows, and since when
let acknowledged = { id: "", at: -Infinity };

function show() {
  const strip = document.getElementById("incident-strip");
  if (!strip) return;
  if (strip !== watched) changes.observe((watched = strip), { attributeFilter: ["data-firing", "data-critical", "data-alert", "data-worst"] });
  if (strip.dataset.alert !== moved.id) moved = { id: strip.dataset.alert, at: moved.id === null ? -Infinity : performance.now() };
  const { firing, critical, worst } = strip.dataset;
  const plain = document.title.replace(COUNT, "");
  const title = Number(firing) ? `(${firing}) ${plain}` : plain;
  if (document.title !== title && !plain.startsWith("(!)")) document.title = title;
  showIcon(worst, Number(firing));
  if (critical) readOut(critical, strip.querySelector("[data-alert-title]").textContent);
}

// An alert that has just moved up under the pointer is not acknowledged by a click that was meant for the one before.
function guard(event) {
  const strip = event.target.closest("#incident-strip");
  if (!strip) return;
  const now = performance.now();
  const { alert } = strip.dataset;
  const meant = alert === acknowledged.id || (now - moved.at >= NEW_MS && now - acknowledged.at >= NEXT_MS);
  if (meant) acknowledged = { id: alert, at: now };
  else {
    event.preventDefault();
    event.stopImmediatePropagation();
    notify("Not acknowledged: another alert has just moved up. Press again if you mean this one.");
  }
}

export function startAlerts() {
  const main = document.getElementById("main");
  if (!main) return;
  startAlertMessages();
  show();
  document.addEventListener("submit", guard, true);
  new MutationObserver(show).observe(main, { childList: true });
  new MutationObserver(show).observe(document.body, { attributeFilter: ["data-live"] });
}
