// Numbers as the server writes them, for what is drawn in the browser.
const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function count(number) {
  return number.toLocaleString("en");
}

export function bytes(number) {
  let amount = Math.abs(number);
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 100 || Number.isInteger(amount) ? 0 : 1;
  return `${number < 0 ? "-" : ""}${amount.toFixed(digits)} ${UNITS[unit]}`;
}
