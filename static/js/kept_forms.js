// What was typed into a form stays when the server refuses it: passwords, files and hidden fields alone do not.
const KEY = "console.form";
const LONGEST = 600_000;
const REFUSED = "#refused"; // of the link by which a page that says why leads back
const LEFT = new Set(["hidden", "password", "file", "submit", "button", "image", "reset"]);

// Whose it is: another user's or another organization's is not filled in.
const whose = () => document.body.dataset.drawnFor;
const address = (form) => form.getAttribute("action") ?? location.pathname;
const isAsked = ({ pathname }) => pathname.startsWith("/prove"); // the same form waits there for a proof

function fields(form) {
  return [...form.elements].filter(({ name, type }) => name && !LEFT.has(type));
}

function isChoice(field) {
  return field.type === "checkbox" || field.type === "radio";
}

function keep({ target: form }) {
  if (form.method !== "post" || form.hasAttribute("hx-post") || isAsked(location)) return;
  const typed = fields(form).map((field) => [field.name, isChoice(field) ? field.checked : field.value]);
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ whose: whose(), at: Date.now(), action: address(form), typed }));
  } catch {
    // storage is forbidden: it is typed again
  }
}

function taken() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    return kept?.whose === whose() && Date.now() - kept.at < LONGEST ? kept : null;
  } catch {
    return null;
  }
}

// The form was refused: on this page, which says so, or on one that led back here.
function isRefused() {
  const [how] = performance.getEntriesByType("navigation");
  const said = document.querySelector("main > .notice[data-kind='error'][role='alert']");
  return Boolean(said) || location.hash === REFUSED || how?.type === "back_forward";
}

function fill(form, typed) {
  const left = [...typed];
  for (const field of fields(form)) {
    const at = left.findIndex(([name]) => name === field.name);
    if (at < 0) continue;
    const [[, value]] = left.splice(at, 1);
    if (isChoice(field)) field.checked = value;
    else field.value = value;
  }
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

export function startKeepingForms() {
  document.addEventListener("submit", keep);
  if (isAsked(location)) return;
  const kept = taken();
  if (!kept || !isRefused()) return;
  const form = [...document.querySelectorAll("main form[method='post']")].find((one) => address(one) === kept.action);
  if (form) fill(form, kept.typed);
}
