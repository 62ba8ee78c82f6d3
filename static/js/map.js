// The map of the overview: a country that has SIMs is coloured as its row of the table beside it says.
import { count } from "./numbers.js";

const PREFIX = "country-";
const NAMES = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

// The row of each country, by its code.
function rows() {
  return new Map([...document.querySelectorAll("#fleet-by-map tr[data-place]")].map((row) => [row.dataset.place, row]));
}

function sentence(code, { sims, online, difference }) {
  const change = difference ? `, ${difference > 0 ? "+" : ""}${difference} in 15 min` : "";
  return `${NAMES.of(code)}: ${count(sims)} SIMs, ${count(online)} online${change}`;
}

function paint(place, svg) {
  const found = rows();
  const losing = [];
  for (const shape of svg.querySelectorAll(`[id^="${PREFIX}"]`)) {
    const code = shape.id.slice(PREFIX.length);
    const row = found.get(code);
    const level = row?.dataset.level ?? "none";
    found.delete(code);
    if (shape.dataset.level !== level) shape.dataset.level = level;
    const said = row ? sentence(code, row.dataset) : "";
    const title = shape.querySelector("title") ?? shape.appendChild(document.createElementNS(svg.namespaceURI, "title"));
    if (title.textContent !== said) title.textContent = said;
    if (level === "bad") losing.push(said);
  }
  const lacking = [...found.keys()].filter(Boolean);
  const note = document.querySelector("[data-map-lacks]");
  note.textContent = lacking.length ? `Not on the map: ${lacking.join(", ")}` : "";
  place.setAttribute("aria-label", `World map. ${losing.length ? losing.join("; ") : "No country has lost SIMs."} The table has each country.`);
}

// As a document: the page takes no text as markup.
function load(address) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.addEventListener("loadend", () => done(request.status === 200 ? request.response : null));
    request.open("GET", address);
    request.send();
  });
}

export async function startMap() {
  const place = document.querySelector("[data-map]");
  const loaded = await load(place.dataset.map);
  if (!loaded) return;
  const svg = document.importNode(loaded.documentElement, true);
  place.replaceChildren(svg);
  paint(place, svg);
  svg.addEventListener("click", ({ target }) => rows().get(target.closest(`[id^="${PREFIX}"]`)?.id.slice(PREFIX.length))?.querySelector("a").click());
  for (const change of ["live:applied", "live:refreshed"]) document.addEventListener(change, () => paint(place, svg));
}
