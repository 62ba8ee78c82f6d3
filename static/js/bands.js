// The fleet over time: how many SIMs were where, stacked, with marks for what happened meanwhile.
/* global uPlot */
import { count } from "./numbers.js";

const BANDS = ["online", "attached", "offline", "blocked", "unknown"];
export const UNKNOWN = "not known";
const NAMES = { unknown: UNKNOWN };

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

// The steps of which nothing is known, hatched, with the word where there is room for it: they are not zero.
export function hatch(plot, state, ink, line) {
  return (view) => {
    const numbers = state.data[plot.field];
    const { ctx, bbox } = view;
    const half = state.data.times.length > 1 ? (state.data.times[1] - state.data.times[0]) / 2 : 1_800;
    for (let first = 0; first < numbers.length; first += 1) {
      if (numbers[first] !== null) continue;
      let last = first;
      while (numbers[last + 1] === null) last += 1;
      const left = Math.max(bbox.left, view.valToPos(state.data.times[first] - half, "x", true));
      const right = Math.min(bbox.left + bbox.width, view.valToPos(state.data.times[last] + half, "x", true));
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, bbox.top, right - left, bbox.height);
      ctx.clip();
      ctx.strokeStyle = line;
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      for (let x = left - bbox.height; x < right; x += 7 * devicePixelRatio) {
        ctx.moveTo(x, bbox.top + bbox.height);
        ctx.lineTo(x + bbox.height, bbox.top);
      }
      ctx.stroke();
      ctx.font = `${11 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
      if (right - left > ctx.measureText(UNKNOWN).width + 12 * devicePixelRatio) {
        ctx.fillStyle = ink;
        ctx.textAlign = "center";
        ctx.fillText(UNKNOWN, (left + right) / 2, bbox.top + bbox.height / 2);
      }
      ctx.restore();
      first = last;
    }
  };
}
