// Which columns the list of SIMs shows and how high its rows are. Loaded before the first paint, so that nothing moves.
(() => {
  const COLUMNS = "console.columns"; // those that are left out, divided by blanks
  const DENSITY = "console.density";
  const DENSITIES = { compact: "28 px", usual: "34 px", roomy: "44 px" };
  const FILES = {
    spreadsheet: "CSV for a spreadsheet",
    csv: "CSV for programs",
    ndjson: "NDJSON for programs",
  };
  const root = document.documentElement;

  function read(key) {
    try {
      return localStorage.getItem(key) ?? "";
    } catch {
      return ""; // storage is forbidden: it holds until the next page
    }
  }

  function keep(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // as above
    }
  }

  function fieldset(title, inputs) {
    const found = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = title;
    found.append(legend, ...inputs);
    return found;
  }

  function input(type, text, mark, value) {
    const found = document.createElement("input");
    Object.assign(found, { type, autocomplete: "off", name: type === "radio" ? "density" : "" });
    found.dataset[mark] = value;
    const label = document.createElement("label");
    label.className = "check";
    label.append(found, text);
    return label;
  }

  // What can be chosen: every column that the table has, but those by which a SIM is known.
  function fill() {
    const box = document.querySelector("#columns .drop-box");
    if (!box || box.children.length) return;
    const heads = [...document.querySelectorAll(".sims thead th:not(.sim-label, .sim-iccid)")];
    const columns = heads.map((head) => input("checkbox", head.textContent.trim(), "column", head.className.match(/sim-(\w+)/)[1]));
    const heights = Object.entries(DENSITIES).map(([name, text]) => input("radio", text, "density", name));
    const note = document.createElement("p");
    note.className = "second";
    note.textContent = "Kept in this browser. Where the window is narrow, fewer columns fit.";
    const files = Object.entries(FILES).map(([format, text]) => {
      const link = document.createElement("a");
      link.dataset.format = format;
      link.textContent = text;
      return link;
    });
    box.append(fieldset("Columns", columns), fieldset("Height of a row", heights), note, fieldset("The list as a file", files));
  }

  // The files are of the list that is shown: the link above it has its address.
  function link() {
    const first = document.querySelector("[data-export]");
    for (const one of document.querySelectorAll("a[data-format]")) {
      one.hidden = !first;
      if (!first) continue;
      const address = new URL(first.href);
      address.searchParams.set("format", one.dataset.format);
      one.href = address;
    }
  }

  function show(without, density) {
    fill();
    link();
    root.dataset.without = without;
    root.dataset.density = Object.hasOwn(DENSITIES, density) ? density : "usual";
    for (const box of document.querySelectorAll("[data-column]")) box.checked = !without.split(" ").includes(box.dataset.column);
    for (const box of document.querySelectorAll("input[data-density]")) box.checked = box.dataset.density === root.dataset.density;
  }

  const showKept = () => show(read(COLUMNS), read(DENSITY));

  showKept();
  document.addEventListener("DOMContentLoaded", showKept);
  document.addEventListener("htmx:after:swap", () => show(root.dataset.without, root.dataset.density));
  window.addEventListener("storage", (event) => [COLUMNS, DENSITY].includes(event.key) && showKept());
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector(".drop[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-column], input[data-density]")) return;
    const without = [...document.querySelectorAll("[data-column]:not(:checked)")].map((box) => box.dataset.column).join(" ");
    const density = document.querySelector("input[data-density]:checked")?.dataset.density ?? "usual";
    keep(COLUMNS, without);
    keep(DENSITY, density);
    show(without, density);
  });
})();
