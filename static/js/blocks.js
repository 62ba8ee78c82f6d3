// The rows of a long list behind its first ones: fetched when they come near, in the order that the page was drawn with.
/* global htmx */
import { DRAWN_FOR } from "./drawn_for.js";
import { renderTimes } from "./time.js";

const NEAR = "1200px 0px";
const AGAIN = 2_000; // after no answer
const HEADERS = { Accept: "text/html", "HX-Request": "true", "X-Background": "1", ...DRAWN_FOR };

const near = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && bring(one.target)), { rootMargin: NEAR });
const asked = new WeakMap(); // of each block the ICCIDs that were asked for: it may be morphed into another

async function bring(block) {
  const iccids = block.dataset.block;
  if (!iccids || asked.get(block) === iccids) return;
  asked.set(block, iccids);
  near.unobserve(block);
  try {
    const answer = await fetch(`/sims/rows?block=${block.id.replace("sim-rows-", "")}&iccids=${iccids}`, { headers: HEADERS, cache: "no-store" });
    if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (!block.isConnected || block.dataset.block !== iccids) return; // the list was drawn anew meanwhile
    const partial = `<hx-partial hx-target="#${block.id}" hx-swap="outerMorph">${text}</hx-partial>`;
    await htmx.swap({ text: partial, sourceElement: document.body, target: document.body, swap: "none" });
    measure();
    renderTimes(document.getElementById(block.id) ?? undefined);
    document.dispatchEvent(new CustomEvent("live:applied")); // the new rows have topics, and may be selected
  } catch {
    asked.delete(block);
    setTimeout(() => block.isConnected && near.observe(block), AGAIN);
  }
}

// A block is as high as its rows before the browser has looked at it.
function measure() {
  for (const block of document.querySelectorAll(".rows-block")) {
    const rows = String(block.dataset.block?.split(",").length ?? block.rows.length);
    if (block.style.getPropertyValue("--rows") !== rows) block.style.setProperty("--rows", rows);
  }
}

function observe() {
  measure();
  for (const block of document.querySelectorAll("[data-block]")) near.observe(block);
}

// The row of a SIM that may stand in a block that is still to come; null if the list has none.
export async function rowOf(iccid) {
  const there = () => document.getElementById(`sim-${iccid}`);
  const block = there() ? null : [...document.querySelectorAll("[data-block]")].find((one) => one.dataset.block.includes(iccid));
  if (block) await bring(block);
  return there();
}

export function startBlocks() {
  for (const event of ["htmx:after:swap", "live:refreshed"]) document.addEventListener(event, observe);
  observe();
}
