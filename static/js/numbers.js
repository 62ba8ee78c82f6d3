// Numbers as the server writes them for this reader, for what is drawn in the browser.
const [THOUSANDS, POINT] = document.documentElement.dataset.numbers || ",.";
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

function written(text) {
  return text.replace(/[,.]/g, (mark) => (mark === "," ? THOUSANDS : POINT));
}

// What goes to many readers has marks where each has separators of their own: see console/pages/reader.py.
export function withSeparators(html) {
  return html.replaceAll("\ue000", THOUSANDS).replaceAll("\ue001", POINT);
}

export function count(number) {
  return written(WHOLE.format(number));
}

// A unit ends where the rounded amount would be 1,024 of it; from 100 on nobody reads the tenth.
export function bytes(number) {
  let amount = Math.abs(number);
  let unit = 0;
  while (amount >= 1023.5 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const format = unit > 0 && amount < 99.95 ? TENTHS : WHOLE;
  return `${number < 0 ? "-" : ""}${written(format.format(amount))} ${UNITS[unit]}`;
}
