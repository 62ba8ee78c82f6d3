// The server's time, whatever the browser's clock says: taken from the page, then from the stream, and carried on by a
// timer that nobody can set.
const JUMP = 5_000;

const navigation = performance.getEntriesByType("navigation")[0];
let offset = Date.parse(document.body?.dataset.serverTime ?? "") - (navigation?.responseStart || performance.now());
if (Number.isNaN(offset)) offset = performance.timeOrigin;
let apart = Date.now() - performance.now();

// The moment as a Date; `at` is a reading of performance.now().
export function serverDate(at = performance.now()) {
  return new Date(at + offset);
}

// The server has said what time it is now.
export function setServerTime(text) {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) offset = time - performance.now();
}

// Whether the computer has slept, or its clock was set, since this was last asked.
export function hasJumped() {
  const before = apart;
  apart = Date.now() - performance.now();
  return Math.abs(apart - before) > JUMP;
}
