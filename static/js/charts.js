// The moving charts. Each asks the server for its numbers; a gap in the line is "not known", never zero.
/* global uPlot */
import { clock, hourMinute, shortDay, shownZone, utcDay } from "./time.js";
import * as bands from "./bands.js";
import { UNKNOWN, hatch } from "./bands.js";
import { DRAWN_FOR } from "./drawn_for.js";
import { bytes, count } from "./numbers.js";

const FLEET_EVERY = 10_000;
const USAGE_EVERY = 60_000;
const MIB = 1024 * 1024;
const STEPS = { 60: "minute", 120: "2 minutes", 300: "5 minutes", 3600: "hour" };
const BYTE_STEPS = [...Array(45).keys()].map((power) => 2 ** power);

const KINDS = {
  fleet: {
    every: FLEET_EVERY,
    time: (date) => (hourMinute(date) === "00:00" ? shortDay(date) : hourMinute(date)),
    plots: [
      { field: "online", name: "SIMs", form: "bands", text: count, hatched: true },
      { field: "bytes", name: (data) => `Data per ${STEPS[data.step]}`, colour: "--chart-2", form: "bars", text: bytes, size: true, low: true, hatched: true },
    ],
  },
  usage: {
    every: USAGE_EVERY,
    time: (date, by) => (by === "day" ? utcDay(date) : hourMinute(date) === "00:00" ? shortDay(date) : hourMinute(date)),
    plots: [
      { field: "bytes", name: "Data", colour: "--chart-2", form: "bars", text: bytes, size: true, hatched: true },
      { field: "sms", name: "SMS", colour: "--chart-3", form: "bars", text: count, low: true, hatched: true },
    ],
  },
};

// A canvas cannot read our colours by name: ask the browser what they are now.
function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function faint(rgb, alpha) {
  return rgb.replace(/^rgb\(([^)]+)\)$/, `rgba($1, ${alpha})`);
}

function axes(plot, kind, state, ink, line) {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const shared = { stroke: ink, font, ticks: { show: false }, gap: 6 };
  return [
    { ...shared, grid: { show: false }, size: 26, space: 64, values: (_, marks) => marks.map((mark) => kind.time(new Date(mark * 1000), state.by)) },
    {
      ...shared,
      size: 64,
      space: 26,
      grid: { stroke: line, width: 1 },
      ...(plot.size ? { incrs: BYTE_STEPS } : { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] }),
      values: (_, marks) => marks.map((mark) => (mark === null ? "" : plot.text(mark))),
    },
  ];
}

function range(plot) {
  return (_, low, high) => {
    if (low === null) return [0, plot.size ? MIB : 10];
    if (plot.form === "bars") return [0, high > 0 ? high * 1.1 : plot.size ? 1024 : 1];
    if (plot.form === "bands") return [0, Math.max(high, 1)];
    const room = Math.max((high - low) * 0.15, 2);
    return [Math.max(0, Math.floor(low - room)), Math.ceil(high + room)];
  };
}

// Half a step of room on both sides, so that the outer bars are whole.
function timeRange(times) {
  const half = times.length > 1 ? (times[1] - times[0]) / 2 : 1_800;
  return (_, first, last) => [first - half, last + half];
}

// What is drawn of a plot, after the times: the tops of its bands, or its numbers.
function drawnColumns(plot, data) {
  return plot.form === "bands" ? bands.columns(data) : [data[plot.field]];
}

// The marks of the axis stand at whole hours and midnights of the zone that its labels are in.
function inZone(date, zone) {
  return zone ? uPlot.tzDate(date, zone) : date;
}

function draw(plot, kind, state, place, say) {
  const stacked = plot.form === "bands";
  const stroke = stacked ? colour("--ink") : colour(plot.colour);
  const bars = plot.form === "bars" ? uPlot.paths.bars({ size: [0.72, 28], radius: 0.08 }) : undefined;
  const options = {
    width: Math.max(place.clientWidth, 120),
    height: plot.low ? 92 : stacked ? 150 : 132,
    padding: [8, stacked || plot.low ? 16 : 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, sync: { key: state.source }, points: { size: 7, fill: stroke } },
    tzDate: (seconds) => inZone(new Date(seconds * 1000), state.by === "day" ? "Etc/UTC" : shownZone()),
    scales: { x: { time: true, range: timeRange(state.data.times) }, y: { range: range(plot) } },
    axes: axes(plot, kind, state, colour("--ink-2"), colour("--line")),
    series: [{}, ...(stacked ? bands.series(colour) : [{ stroke, fill: bars && faint(stroke, 0.6), width: bars ? 0 : 1.75, paths: bars, points: { show: false } }])],
    hooks: {
      setCursor: [(self) => say(self.cursor.idx)],
      drawAxes: plot.hatched ? [hatch(plot, state, colour("--ink-2"), colour("--line-strong"))] : [],
      draw: stacked ? [bands.marks(state, colour)] : [],
    },
  };
  return new uPlot(options, [state.data.times, ...drawnColumns(plot, state.data)], place);
}

function build(figure, kind, state) {
  for (const { view } of state.drawn) view.destroy();
  figure.replaceChildren();
  state.drawn = kind.plots.map((plot) => {
    const head = document.createElement("p");
    head.className = "chart-head";
    const name = document.createElement("span");
    name.textContent = nameOf(plot, state.data);
    name.className = "chart-name";
    const legend = document.createElement("span");
    legend.className = "bands";
    const value = document.createElement("span");
    value.className = "chart-value";
    const fill = plot.form === "bands" ? bands.legend(legend) : null;
    head.append(fill ? legend : name, value);
    const place = document.createElement("div");
    place.className = "chart-plot";
    place.setAttribute("role", "img");
    const block = document.createElement("div");
    block.append(head, place);
    figure.append(block);
    const say = (index) => tellValue(plot, fill, state, value, place, index);
    const view = draw(plot, kind, state, place, say);
    say(null);
    return { plot, view, say };
  });
}

function nameOf(plot, data) {
  return typeof plot.name === "function" ? plot.name(data) : plot.name;
}

function momentOf(state, at) {
  const moment = new Date(state.data.times[at] * 1000);
  if (state.by === "day") return `on ${utcDay(moment)}`;
  return `at ${state.by === "hour" || state.data.step > 300 ? `${shortDay(moment)} ` : ""}${hourMinute(moment)}`;
}

// In words what the line shows: the point under the pointer, or the last one that is known.
function tellValue(plot, fill, state, value, place, index) {
  const numbers = state.data[plot.field];
  const pointed = index !== null && index !== undefined;
  let at = pointed ? index : numbers.length - 1;
  while (!pointed && at > 0 && numbers[at] === null) at -= 1;
  if (!pointed && numbers[at] === null) at = numbers.length - 1; // nothing at all is known: say so of now
  const known = numbers[at] !== null && numbers[at] !== undefined;
  const when = momentOf(state, at);
  const soFar = known && plot.size && state.data.is_open && at === numbers.length - 1 ? " so far" : "";
  const figure = known ? `${plot.text(numbers[at])}${soFar}` : UNKNOWN;
  fill?.(state.data, at);
  const meanwhile = fill ? bands.happened(state.data, at) : "";
  value.textContent = fill ? `${known ? "" : `${UNKNOWN} `}${when}${meanwhile ? `: ${meanwhile}` : ""}` : `${figure} ${when}`;
  value.title = meanwhile;
  if (pointed) return;
  if (fill) bands.countMarks(place.closest("section"), state.data);
  const all = numbers.filter((number) => number !== null);
  const span = all.length ? ` Lowest ${plot.text(Math.min(...all))}, highest ${plot.text(Math.max(...all))}.` : "";
  const gaps = all.length < numbers.length ? ` ${UNKNOWN} for ${numbers.length - all.length} of ${numbers.length} steps.` : "";
  const said = fill && known ? `${bands.words(state.data, at)} ${value.textContent}` : value.textContent;
  place.setAttribute("aria-label", `${nameOf(plot, state.data)}: ${said}.${fill && span ? ` Online:${span}` : span}${gaps}`);
}

async function load(figure, kind, state) {
  const query = state.by ? `?by=${state.by}` : "";
  const asked = `${figure.dataset.src}${query}`;
  try {
    const answer = await fetch(asked, { headers: { Accept: "application/json", ...DRAWN_FOR } });
    if (!answer.ok) throw new Error(String(answer.status));
    const data = await answer.json();
    if (asked !== `${figure.dataset.src}${state.by ? `?by=${state.by}` : ""}`) return; // another choice was made meanwhile
    // A new hour, and with it a new day, is drawn when it begins, by the server's clock.
    clearTimeout(state.next);
    state.next = setTimeout(() => document.hidden || load(figure, kind, state), (3_600 - (data.as_of % 3_600)) * 1_000 + 500);
    const redraw = !state.data || !state.drawn.length || state.source !== asked;
    Object.assign(state, { data, source: asked });
    figure.dataset.state = data.times.length ? "drawn" : "empty";
    if (!data.times.length) say(figure, state, "Nothing has been measured yet.");
    else if (redraw) build(figure, kind, state);
    else for (const { plot, view, say: speak } of state.drawn) { view.setData([data.times, ...drawnColumns(plot, data)]); speak(view.cursor.idx); }
    const age = figure.closest("section").querySelector("[data-chart-age]");
    if (age) age.textContent = `as of ${clock(new Date(data.as_of * 1000))}`;
  } catch {
    if (!state.data) say(figure, state, "The chart could not be loaded. It is asked for again.");
  }
}

function say(figure, state, text) {
  for (const { view } of state.drawn) view.destroy();
  state.drawn = [];
  const line = document.createElement("p");
  line.className = "empty-line";
  line.textContent = text;
  figure.replaceChildren(line);
}

function start(figure) {
  const kind = KINDS[figure.dataset.chart];
  const state = { by: figure.dataset.by ?? "", data: null, drawn: [], source: "", next: 0 };
  const reload = () => load(figure, kind, state);
  const rebuild = () => state.data?.times.length && build(figure, kind, state);
  const still = () => document.hidden || document.body.dataset.live === "paused";
  reload();
  setInterval(() => still() || reload(), Number(figure.dataset.every) || kind.every);
  document.addEventListener("visibilitychange", () => still() || reload());
  document.addEventListener("live:refreshed", reload);
  document.addEventListener("theme:changed", rebuild);
  document.addEventListener("zone:changed", () => { rebuild(); if (state.data) reload(); });
  new ResizeObserver(() => {
    for (const { view } of state.drawn) {
      const width = view.root.parentElement.clientWidth;
      if (width > 0 && width !== view.width) view.setSize({ width, height: view.height });
    }
  }).observe(figure);
  const choices = [...figure.closest("section").querySelectorAll("[data-chart-by]")];
  for (const choice of choices) {
    choice.addEventListener("click", () => {
      state.by = choice.dataset.chartBy;
      for (const other of choices) other.setAttribute("aria-pressed", String(other === choice));
      reload();
    });
  }
}

export function startCharts() {
  for (const figure of document.querySelectorAll("[data-chart]")) start(figure);
}
