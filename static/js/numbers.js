// Numbers as the server writes them, for what is drawn in the browser.
const UNITS = ["B", "kB", "MB", "GB", "TB"];
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function count(number) {
  return WHOLE.format(number);
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
  return `${number < 0 ? "-" : ""}${format.format(amount)} ${UNITS[unit]}`;
}
