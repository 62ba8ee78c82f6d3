// A tail of events: which of the new ones its filter takes, and those that say the same on one line.

const lower = (text) => Array.from(text, (one) => [...one.toLowerCase()][0]).join("");

// Whether a filtered list takes a thing. The list says, in lower case, which values it takes of which field and which
// words it looks for; `about` holds what the thing says.
export function takes(list, about) {
  const { filter, words } = list.dataset;
  const said = words ? Object.values(about).join("\n").toLowerCase() : "";
  return (
    Object.entries(JSON.parse(filter ?? "{}")).every(([name, values]) => values.includes(lower(about[name] || "unknown"))) &&
    (words ?? "").split(" ").every((word) => said.includes(word))
  );
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The latest of those that say the same stands for all; the server draws it so too.
function fold() {
  const list = document.querySelector("[data-fold]");
  const alike = new Map();
  for (const row of list?.children ?? []) {
    const { same } = row.dataset;
    if (!alike.has(same)) alike.set(same, []);
    alike.get(same).push(row);
    row.hidden = row !== alike.get(same)[0];
  }
  for (const [first, ...others] of alike.values()) {
    const sims = new Set([first, ...others].map((row) => row.querySelector(".event-sim a")?.pathname ?? "")).size;
    const number = first.querySelector("[data-fold-number]");
    number.hidden = !others.length;
    put(number, others.length ? `×${others.length + 1}` : "");
    put(first.querySelector("[data-fold-sims]"), sims > 1 ? `${sims} SIMs` : "");
  }
}

export function startFolding() {
  document.addEventListener("live:applied", fold);
}
