// The bars of the last 24 hours of each row: no change of a SIM brings them, so they are asked for once the rows stand,
// and anew each minute.
/* global htmx */
import { DRAWN_FOR } from "./drawn_for.js";

const EVERY = 60_000;
const SETTLE = 50; // after the rows were drawn
const HEADERS = { Accept: "text/html", "HX-Request": "true", "X-Background": "1", ...DRAWN_FOR };

let timer = 0;

// `anew`: those that have bars too.
async function draw(anew) {
  const cells = [...document.querySelectorAll("[data-list] td.sim-day")].filter((cell) => anew || !cell.children.length);
  if (!cells.length || !cells[0].checkVisibility() || document.hidden || document.body.dataset.live === "stale") return;
  const iccids = cells.map((cell) => cell.id.replace("day-", ""));
  try {
    const answer = await fetch(`/sims/days?iccids=${iccids.join(",")}`, { headers: HEADERS, cache: "no-store" });
    if (answer.redirected || !answer.ok) return;
    await htmx.swap({ text: await answer.text(), sourceElement: document.body, target: document.body, swap: "none" });
  } catch {
    // no answer: with the next minute
  }
}

function drawSoon() {
  clearTimeout(timer);
  timer = setTimeout(draw, SETTLE, false);
}

export function startDays() {
  setInterval(draw, EVERY * (0.9 + Math.random() / 5), true); // pages that were opened together ask apart
  for (const event of ["htmx:after:swap", "live:refreshed"]) {
    document.addEventListener(event, ({ detail }) => detail?.ctx?.swap !== "none" && drawSoon());
  }
  for (const event of ["resize", "change"]) window.addEventListener(event, drawSoon); // the column may come into sight
  drawSoon();
}
