// The fleet over time: how many SIMs were where, stacked, with marks for what happened meanwhile.
/* global uPlot */
import { count } from "./numbers.js";

const BANDS = ["online", "attached", "offline", "blocked", "unknown"];
const NAMES = { unknown: "not known" };

export const name = (band) => NAMES[band] ?? band;

// From the top of the stack to its bottom, so that each is drawn over the one above it.
export function columns(data) {
  const tops = [];
  let below = data.times.map(() => 0);
  for (const band of BANDS) {
    below = data[band].map((number, at) => (number === null ? null : below[at] + number));
    tops.unshift(below);
  }
  return tops;
}

export function series(colour) {
  const paths = uPlot.paths.bars({ size: [1, Infinity], gap: 0 });
  return [...BANDS].reverse().map((band) => ({ stroke: "transparent", fill: colour(`--band-${band}`), width: 0, paths, points: { show: false } }));
}

// A line for each band with its number at the step in question.
export function legend(place) {
  const numbers = new Map();
  for (const band of BANDS) {
    const item = document.createElement("span");
    item.className = "band";
    item.dataset.band = band;
    const number = document.createElement("b");
    item.append(`${name(band)} `, number);
    place.append(item);
    numbers.set(band, { item, number });
  }
  return (data, at) => {
    for (const [band, { item, number }] of numbers) {
      const found = data[band][at];
      number.textContent = found === null ? "—" : count(found);
      if (band === "unknown") item.hidden = !data.unknown.some(Boolean);
    }
  };
}

export function words(data, at) {
  return BANDS.filter((band) => band !== "unknown" || data.unknown[at])
    .map((band) => `${count(data[band][at])} ${name(band)}`)
    .join(", ");
}

// What happened in a step, in words.
export function happened(data, at) {
  const from = data.times[at];
  const to = from + data.step;
  const inside = (mark) => mark.at >= from && mark.at < to;
  return [
    ...data.alerts.filter(inside).map((mark) => mark.text),
    ...data.outages.filter((mark) => mark.since < to && (mark.until ?? Infinity) >= from).map(() => "1NCE did not answer"),
    ...data.actions.filter(inside).map((mark) => mark.text),
  ].join("; ");
}

export function countMarks(section, data) {
  const numbers = {
    alerts: data.alerts.reduce((sum, mark) => sum + mark.number, 0),
    outages: data.outages.length,
    actions: data.actions.reduce((sum, mark) => sum + mark.number, 0),
  };
  for (const [kind, number] of Object.entries(numbers)) section.querySelector(`[data-marks="${kind}"]`).textContent = count(number);
}

// Alerts as triangles at the top, outages as a hatched bar under them, actions as ticks at the bottom.
export function marks(state, colour) {
  const hues = Object.fromEntries(["bad", "warn", "info", "accent", "ink"].map((hue) => [hue, colour(`--${hue}`)]));
  return (view) => {
    const { ctx, bbox } = view;
    const { data } = state;
    const pixel = devicePixelRatio;
    const middle = (seconds) => view.valToPos(seconds, "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { since, until } of data.outages) {
      const left = middle(since - data.step / 2);
      const width = Math.max(3 * pixel, middle((until ?? data.as_of) - data.step / 2) - left);
      ctx.fillStyle = hues.bad;
      ctx.fillRect(left, bbox.top + 9 * pixel, width, 4 * pixel);
    }
    for (const { at, severity } of data.alerts) {
      const x = middle(at);
      ctx.fillStyle = { critical: hues.bad, warning: hues.warn }[severity] ?? hues.info;
      ctx.beginPath();
      ctx.moveTo(x - 4 * pixel, bbox.top);
      ctx.lineTo(x + 4 * pixel, bbox.top);
      ctx.lineTo(x, bbox.top + 8 * pixel);
      ctx.fill();
      ctx.fillRect(x - pixel / 2, bbox.top, pixel, bbox.height);
    }
    ctx.fillStyle = hues.ink;
    for (const { at } of data.actions) ctx.fillRect(middle(at) - pixel, bbox.top + bbox.height - 8 * pixel, 2 * pixel, 8 * pixel);
    ctx.restore();
  };
}
