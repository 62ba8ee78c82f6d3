// Which columns the list of SIMs shows and in which order, and how high its rows are: kept for the user, on every device.
// Loaded before the first paint, so that nothing moves.
(() => {
  const NAMES = "label iccid connection status operator rat data left day sms seen confirmed".split(" ");
  const ALWAYS = ["label", "iccid"]; // by these a SIM is known
  const DENSITIES = { compact: "28 px", usual: "34 px", roomy: "44 px" };
  const SETTLE = 500; // after the last choice, before it is kept
  const FILES = {
    spreadsheet: "CSV for a spreadsheet",
    csv: "CSV for programs",
    ndjson: "NDJSON for programs",
  };
  const root = document.documentElement;
  const sheet = new CSSStyleSheet();
  let order = read(root.dataset.columns ?? "");
  let timer = 0;

  // All columns in their order, as [name, whether it is shown]; one that is new here comes last.
  function read(text) {
    const kept = text.split(" ").map((word) => [word.replace("-", ""), !word.startsWith("-")]);
    const known = kept.filter(([name]) => NAMES.includes(name));
    return [...known, ...NAMES.filter((name) => !known.some(([one]) => one === name)).map((name) => [name, true])];
  }

  function keep() {
    clearTimeout(timer);
    timer = setTimeout(send, SETTLE);
  }

  async function send() {
    timer = 0;
    const sim_columns = order.map(([name, shown]) => (shown ? name : `-${name}`)).join(" ");
    const body = new URLSearchParams({ sim_columns, density: root.dataset.density });
    const headers = { "X-Drawn-For": document.body.dataset.drawnFor };
    const said = document.querySelector("#columns [role=status]");
    try {
      const { ok } = await fetch("/settings/sim-list", { method: "POST", headers, body, keepalive: true });
      said.textContent = ok ? "Kept for you, on every device." : "This could not be kept.";
    } catch {
      said.textContent = "This could not be kept: there is no answer.";
    }
  }

  function made(tag, properties, ...children) {
    const found = Object.assign(document.createElement(tag), properties);
    found.append(...children);
    return found;
  }

  const fieldset = (title, ...inside) => made("fieldset", {}, made("legend", { textContent: title }), ...inside);

  function input(type, text, mark, value) {
    const found = made("input", { type, autocomplete: "off", name: type === "radio" ? "density" : "" });
    found.dataset[mark] = value;
    return made("label", { className: "check" }, found, text);
  }

  // A column with what moves it: buttons for the pointer and the keyboard.
  function line(head) {
    const name = head.className.match(/sim-(\w+)/)[1];
    const title = head.textContent.trim();
    const move = (by, sign, where) => {
      const button = made("button", { type: "button", className: "quiet tool", textContent: sign, title: `Move ${title} ${where}` });
      button.setAttribute("aria-label", button.title);
      button.dataset.move = by;
      return button;
    };
    const box = input("checkbox", title, "column", name);
    if (ALWAYS.includes(name)) Object.assign(box.firstChild, { disabled: true, title: "Always shown" });
    const item = made("li", {}, box, move(-1, "←", "left"), move(1, "→", "right"));
    item.dataset.name = name;
    return item;
  }

  function fill() {
    const box = document.querySelector("#columns .drop-box");
    if (!box || box.children.length || !document.querySelector(".sims thead")) return;
    const lines = [...document.querySelectorAll(".sims thead th")].map(line);
    const heights = Object.entries(DENSITIES).map(([name, text]) => input("radio", text, "density", name));
    const files = Object.entries(FILES).map(([format, text]) => {
      const link = made("a", { textContent: text });
      link.dataset.format = format;
      return link;
    });
    const note = made("p", { className: "second", textContent: "Where the window is narrow, fewer columns fit." });
    const said = made("p", { className: "second" });
    said.setAttribute("role", "status");
    const columns = fieldset("Columns, from left to right", made("ul", { className: "column-order" }, ...lines));
    box.append(columns, fieldset("Height of a row", ...heights), note, said, fieldset("The list as a file", ...files));
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

  function layOut() {
    const tracks = order.map(([name]) => `var(--w-${name})`).join(" ");
    const places = order.map(([name], at) => `.sims .sim-${name} { grid-column: ${at + 1} }`).join(" ");
    sheet.replaceSync(`@container content (min-width: 47.0625rem) { .sims { --tracks: ${tracks} } ${places} }`);
    root.dataset.without = order.filter(([, shown]) => !shown).map(([name]) => name).join(" ");
    root.dataset.density = Object.hasOwn(DENSITIES, root.dataset.density) ? root.dataset.density : "usual";
  }

  function show() {
    fill();
    link();
    const list = document.querySelector(".column-order");
    if (!list) return;
    for (const [at, [name, shown]] of order.entries()) {
      const item = list.querySelector(`[data-name=${name}]`);
      if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
      item.querySelector("[data-column]").checked = shown;
      item.querySelector("[data-move='-1']").disabled = at === 0;
      item.querySelector("[data-move='1']").disabled = at === order.length - 1;
    }
    for (const box of document.querySelectorAll("input[data-density]")) box.checked = box.dataset.density === root.dataset.density;
  }

  function changed() {
    layOut();
    show();
    keep();
  }

  function move(button) {
    const { name } = button.closest("li").dataset;
    const by = Number(button.dataset.move);
    const from = order.findIndex(([one]) => one === name);
    const [column] = order.splice(from, 1);
    order.splice(from + by, 0, column);
    changed();
    // what was moved keeps the focus, and the button that can still be pressed
    if (button.disabled) button.closest("li").querySelector("button:enabled").focus();
    else button.focus();
    document.querySelector("#columns [role=status]").textContent = `Column ${order.findIndex(([one]) => one === name) + 1} of ${order.length}.`;
  }

  document.adoptedStyleSheets.push(sheet);
  layOut();
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("htmx:after:swap", show);
  window.addEventListener("pagehide", () => timer && (clearTimeout(timer), send()));
  document.addEventListener("click", ({ target }) => target.closest("[data-move]") && move(target.closest("[data-move]")));
  document.addEventListener("change", ({ target }) => {
    if (target.matches("[data-column]")) order.find(([name]) => name === target.dataset.column)[1] = target.checked;
    else if (target.matches("input[data-density]")) root.dataset.density = target.dataset.density;
    else return;
    changed();
  });
})();
