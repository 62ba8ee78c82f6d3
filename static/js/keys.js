// Single keys for those who do not want to reach for the mouse. They can be switched off, and do nothing while typing.
import { openFind } from "./find.js";

const KEY = "console.keys";
const PATIENCE = 1_500;
const MENUS = "details.account[open], details.live[open], details.drop[open]";

let wentG = -Infinity;

function on() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

function typing(element) {
  return element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button])");
}

function step(by) {
  const links = [...document.querySelectorAll("[data-row-link]")];
  if (!links.length) return document.querySelector(`[data-step=${by > 0 ? "next" : "previous"}]`)?.click();
  const here = links.indexOf(document.activeElement.closest("tr")?.querySelector("[data-row-link]"));
  const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1);
  links[next].focus({ preventScroll: true });
  links[next].closest("tr").scrollIntoView({ block: "nearest" });
}

// What is pressed of the row that has the focus, else of the page.
function pressed(selector) {
  (document.activeElement.closest("tr") ?? document.getElementById("main"))?.querySelector(selector)?.click();
}

// The alerts that are selected, else the one of the row, else the one on top.
function acknowledge() {
  const picked = document.querySelector("[data-acknowledge-picked]:not([hidden] *)");
  if (picked) picked.click();
  else pressed("[data-acknowledge]");
}

const KEYS = {
  "/": () => document.querySelector("[data-search]") ?? openFind(),
  "[": () => document.querySelector("[data-rail-fold]")?.click(),
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement.closest("tr")?.querySelector("[data-pick], [data-alert-pick]")?.click(),
  a: acknowledge,
  s: () => pressed("[data-silence]"),
  n: () => document.getElementById("note") ?? pressed("[data-row-link]"),
  g: () => { wentG = performance.now(); },
  b: () => document.querySelector("[data-pick-none]:not([hidden])") && document.querySelector("[data-pick-link]").click(),
  u: () => [...document.querySelectorAll("#messages .action-undo button")].at(-1)?.click(),
  r: () => document.querySelector("[data-list-show]:is(:not([hidden] *))")?.click(),
  p: () => document.querySelector("[data-live-pause]")?.click(),
  "?": () => document.getElementById("keys")?.showModal(),
};

function press(event) {
  const { key, target } = event;
  if (key === "Escape" && target.matches?.("[data-search]")) return target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!on() || typing(target) || document.querySelector("dialog[open]")) return;
  const link = performance.now() - wentG < PATIENCE && document.querySelector(`nav [data-go-key="${CSS.escape(key)}"]`);
  if (link) {
    location.assign(link.href);
    return;
  }
  wentG = -Infinity;
  const act = KEYS[key];
  if (!act) return;
  event.preventDefault();
  const field = act();
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}

export function startKeys() {
  document.addEventListener("keydown", press);
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    // a menu closes when one looks elsewhere
    for (const menu of document.querySelectorAll(MENUS)) {
      if (!menu.contains(event.target) || opener) menu.open = false;
    }
    if (event.target.matches("dialog")) event.target.close();
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(MENUS);
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  const choice = document.querySelector("[data-keys-switch]");
  if (!choice) return;
  choice.checked = on();
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, choice.checked ? "on" : "off");
    } catch {
      // it holds until the next page
    }
  });
}
