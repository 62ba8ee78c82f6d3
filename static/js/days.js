// The last 24 hours of each row as bars, and its days left: no change of a SIM brings them, so they are asked for once the
// rows stand, those whose data quota has changed soon after, and all anew each minute.
/* global htmx */
import { DRAWN_FOR } from "./drawn_for.js";
import { renderTimes } from "./time.js";

const EVERY = 60_000;
const SETTLE = 50; // after the rows were drawn
const CHANGED = 1_000; // after a quota has changed, with all that change meanwhile
const HEADERS = { Accept: "text/html", "HX-Request": "true", "X-Background": "1", ...DRAWN_FOR };

let timer = 0;
let planned = 0;

const quotaOf = (cell) => cell.parentElement.querySelector(".sim-data").textContent;
const isOld = (cell) => cell.dataset.of !== quotaOf(cell);

// `anew`: those that have theirs too.
async function draw(anew) {
  const cells = [...document.querySelectorAll("[data-list] td.sim-left")].filter((cell) => anew || isOld(cell));
  const isSeen = (cell) => cell.checkVisibility() || cell.nextElementSibling.checkVisibility();
  if (!cells.length || !isSeen(cells[0]) || document.hidden || document.body.dataset.live === "stale") return;
  const iccids = cells.map((cell) => cell.id.replace("left-", ""));
  const quotas = cells.map(quotaOf);
  try {
    const answer = await fetch(`/sims/days?iccids=${iccids.join(",")}`, { headers: HEADERS, cache: "no-store" });
    if (answer.redirected || !answer.ok) return;
    await htmx.swap({ text: await answer.text(), sourceElement: document.body, target: document.body, swap: "none" });
    renderTimes();
    for (const [number, cell] of cells.entries()) cell.dataset.of = quotas[number];
  } catch {
    // no answer: with the next minute
  }
}

function drawSoon() {
  clearTimeout(timer);
  timer = setTimeout(draw, SETTLE, false);
}

function drawChanged() {
  planned ||= setTimeout(() => {
    planned = 0;
    draw(false);
  }, CHANGED);
}

export function startDays() {
  document.addEventListener("live:applied", drawChanged);
  setInterval(draw, EVERY * (0.9 + Math.random() / 5), true); // pages that were opened together ask apart
  for (const event of ["htmx:after:swap", "live:refreshed"]) {
    document.addEventListener(event, ({ detail }) => detail?.ctx?.swap !== "none" && drawSoon());
  }
  for (const event of ["resize", "change"]) window.addEventListener(event, drawSoon); // the column may come into sight
  drawSoon();
}
