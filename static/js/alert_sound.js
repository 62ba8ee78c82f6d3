// One short sound for new alerts, made by the browser itself. Browsers allow it once somebody has used the page.
const APART_MS = 5_000; // another sound before that says nothing new, but that one is critical
const PLAYED = "console.alerts.played"; // by which of this browser's pages, and when
const CRITICAL = [880, 660, 880, 660]; // Hz
const OTHER = [660];
const NOTE = 0.16; // seconds
const RESTS_AFTER_MS = 2_000;
const BEGINS_WITHIN_MS = 500;
const AUDIBLE = 0.2; // of the full loudness
const DEEDS = ["pointerdown", "pointerup", "keydown"];
let context = null;
let allowed = false;
let silent = 0; // a timer

function made() {
  if (context || !("AudioContext" in window)) return context;
  context = new AudioContext();
  context.addEventListener("statechange", changed);
  for (const deed of DEEDS) document.addEventListener(deed, allow, { capture: true });
  return context;
}

// It runs once the browser lets the page sound. Between two sounds it rests, for it would keep the processor awake.
function changed() {
  if (context.state !== "running" || allowed) return;
  allowed = true;
  for (const deed of DEEDS) document.removeEventListener(deed, allow, { capture: true });
  document.dispatchEvent(new CustomEvent("sound:changed"));
  rest();
}

function allow() {
  context.resume();
}

function rest() {
  clearTimeout(silent);
  silent = setTimeout(() => context.suspend(), RESTS_AFTER_MS);
}

// "ready", "blocked", or "missing".
export function state() {
  if (!made()) return "missing";
  return allowed ? "ready" : "blocked";
}

// Whether no page of this browser has sounded just now: then this one does.
async function claim(critical) {
  const one = () => {
    try {
      const [at, was] = (localStorage.getItem(PLAYED) ?? "0 other").split(" ");
      const recent = Math.abs(Date.now() - Number(at)) < APART_MS;
      if (recent && (was === "critical" || !critical)) return false;
      localStorage.setItem(PLAYED, `${Date.now()} ${critical ? "critical" : "other"}`);
    } catch {
      // without storage each page sounds
    }
    return true;
  };
  return navigator.locks ? navigator.locks.request(PLAYED, one) : one();
}

async function sounded(notes) {
  clearTimeout(silent);
  await context.resume();
  const start = context.currentTime + 0.02;
  for (const [number, pitch] of notes.entries()) {
    const at = start + number * NOTE;
    const tone = new OscillatorNode(context, { frequency: pitch, type: "triangle" });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(AUDIBLE, at + 0.01);
    loudness.gain.linearRampToValueAtTime(0, at + NOTE);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + NOTE);
  }
  rest();
}

// A browser that lets the page sound begins to a moment after it was asked.
function settled() {
  if (!made() || allowed) return undefined;
  return new Promise((done) => {
    context.addEventListener("statechange", done, { once: true });
    setTimeout(done, BEGINS_WITHIN_MS);
  });
}

// Sounds once, whatever fires. A page that may not leaves it to another.
export async function play(critical) {
  await settled();
  if (state() === "ready" && (await claim(critical))) await sounded(critical ? CRITICAL : OTHER);
}

// As it would sound, asked for by a click.
export async function test() {
  if (made()) await sounded(CRITICAL);
}
