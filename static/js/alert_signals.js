// What an arriving alert does besides its message: one sound and a notification of the browser, where a person wants them.
const SOUND = "sound";
const NOTIFY = "notify";
const SETTLED_MS = 1_000; // the page comes first
const AGAIN_MS = 10_000; // what could not be loaded is asked for again

let again = 0; // a timer

// What this person wants in this browser.
function wants(what) {
  try {
    const stored = localStorage.getItem(key(what));
    return stored === null ? what === SOUND : stored === "on";
  } catch {
    return false;
  }
}

function key(what) {
  return `console.alerts.${what}.${document.body.dataset.user}`;
}

function keep(what, on) {
  try {
    localStorage.setItem(key(what), on ? "on" : "off");
  } catch {
    // it holds until the next page
  }
}

// Null while the server does not answer.
const sound = () => import("./alert_sound.js").catch(() => null);
const notifications = () => import("./alert_notifications.js").catch(() => null);

export function noteArrival(alerts) {
  const loud = alerts.filter(({ severity }) => severity !== "info");
  if (!loud.length) return;
  if (wants(SOUND)) sound().then((loaded) => loaded?.play(loud.some(({ severity }) => severity === "critical"))).then(show);
  if (wants(NOTIFY)) notifications().then((loaded) => loaded?.showAlerts(loud));
}

export function noteEnd(id) {
  if (wants(NOTIFY)) notifications().then((loaded) => loaded?.closeAlert(id));
}

function put(selector, text) {
  const element = document.querySelector(selector);
  if (element && element.textContent !== text) element.textContent = text;
}

const SOUND_WORDS = {
  off: "Off.",
  ready: "On. One sound for all alerts that fire together.",
  blocked: "Blocked by the browser until you click on this page or press a key.",
  missing: "This browser has no sound for pages.",
  away: "Not loaded yet: the server does not answer.",
};
const NOTIFY_WORDS = {
  off: "Off.",
  on: "On. Shown while you look at no page of the console.",
  denied: "Blocked: allow notifications of this site in the browser's settings.",
  missing: "This browser offers none here: it needs https.",
};

// "granted", "denied", "prompt", or "missing".
async function permitted() {
  if (!("Notification" in window && "serviceWorker" in navigator)) return "missing";
  return (await navigator.permissions?.query({ name: "notifications" }))?.state ?? Notification.permission;
}

async function show() {
  const bell = document.querySelector("[data-bell]");
  if (!bell) return;
  const sounds = wants(SOUND) ? ((await sound())?.state() ?? "away") : "off";
  clearTimeout(again);
  if (sounds === "away") again = setTimeout(show, AGAIN_MS);
  bell.dataset.bell = sounds;
  bell.querySelector("use").setAttribute("href", sounds === "ready" ? "#i-bell" : "#i-silence");
  put("[data-bell-words]", `Alerts in this browser. Sound: ${SOUND_WORDS[sounds]}`);
  put("[data-sound-state]", SOUND_WORDS[sounds]);
  const permission = await permitted();
  const refused = permission === "missing" || permission === "denied";
  const shows = refused ? permission : wants(NOTIFY) && permission === "granted" ? "on" : "off";
  put("[data-notify-state]", NOTIFY_WORDS[shows]);
  document.querySelector("[data-sound-switch]").checked = wants(SOUND);
  const choice = document.querySelector("[data-notify-switch]");
  choice.checked = shows === "on";
  choice.disabled = shows === "missing";
}

async function change({ target }) {
  if (target.matches?.("[data-sound-switch]")) keep(SOUND, target.checked);
  else if (target.matches?.("[data-notify-switch]")) {
    const wanted = target.checked;
    keep(NOTIFY, wanted && Boolean(await (await notifications())?.allow()));
  } else return;
  show();
}

export function startSignals() {
  if (!document.querySelector("[data-bell]")) return;
  document.addEventListener("change", change);
  document.addEventListener("click", async ({ target }) => {
    if (target.closest("[data-sound-test]")) (await sound())?.test().then(show);
  });
  document.addEventListener("sound:changed", show);
  addEventListener("storage", ({ key: changed }) => changed?.startsWith("console.alerts.") && show());
  document.addEventListener("submit", ({ target }) => {
    if (target.matches("form[action='/sign-out']") && wants(NOTIFY)) notifications().then((loaded) => loaded?.closeAll());
  });
  if (wants(SOUND)) setTimeout(show, SETTLED_MS);
  else show();
}
