// Lines that come into a folded list together are shown one after the other, so that a reader can follow.
const APART = 2_000;

const shown = new Map(); // ids of the rows that have been shown, by the id of their list
const grown = new Map(); // when a list last showed a new one
let timer = 0;

function rowsOf(list) {
  return [...list.querySelectorAll("tbody > tr[id]")];
}

function show(list) {
  const known = shown.get(list.id);
  const rows = rowsOf(list);
  const fresh = rows.filter((row) => !known.has(row.id));
  const now = performance.now();
  const wait = document.hidden ? 0 : Math.max(0, (grown.get(list.id) ?? -APART) + APART - now);
  if (fresh.length && wait === 0) {
    known.add(fresh.shift().id);
    grown.set(list.id, now);
  }
  if (document.hidden) for (const row of fresh.splice(0)) known.add(row.id);
  for (const row of rows) row.hidden = !known.has(row.id);
  for (const id of known) if (!rows.some((row) => row.id === id)) known.delete(id);
  const note = document.querySelector(`[data-follow="${list.id}"]`);
  const text = fresh.length ? `${fresh.length} new ${fresh.length === 1 ? "follows" : "follow"}` : "";
  if (note && note.textContent !== text) note.textContent = text;
  clearTimeout(timer);
  if (fresh.length) timer = setTimeout(() => show(document.getElementById(list.id)), wait || APART);
}

export function startOneByOne() {
  const list = document.querySelector("[data-one-by-one]");
  const know = () => shown.set(list.id, new Set(rowsOf(document.getElementById(list.id)).map((row) => row.id)));
  know();
  document.addEventListener("live:applied", () => show(document.getElementById(list.id)));
  document.addEventListener("live:refreshed", know); // the page was drawn anew, for a reader who comes back
}
