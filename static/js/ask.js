// The forms of a SIM's actions. The head of a SIM's page, and addresses such as #ask-sms, lead to the forms of its actions: they open and take the focus.
function open(form) {
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  form.scrollIntoView({ block: "center" });
  form.querySelector("textarea, select, input:not([type=hidden]), button").focus({ preventScroll: true });
}

const sent = new WeakMap(); // of each form what was written in it

const written = (form) => [...form.querySelectorAll("textarea, input:not([type=hidden])")].map(({ value }) => value).join("\0");

// What was asked for is not asked for again by another click; what has been written since stays.
function clear({ detail }) {
  const form = detail?.ctx?.sourceElement;
  if (detail?.ctx?.response?.status !== 200 || !sent.has(form) || sent.get(form) !== written(form)) return;
  sent.delete(form);
  form.reset();
  for (const text of form.querySelectorAll("textarea")) {
    text.value = ""; // a template's text too
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function openNamed() {
  const named = location.hash.startsWith("#ask-") && document.getElementById(location.hash.slice(1));
  if (named) open(named);
}

// The field of the label follows the label, until something else is written in it.
function followLabel() {
  const field = document.querySelector("#ask-label [name=label]");
  const seen = document.getElementById("seen-label");
  if (!field || !seen) return;
  const label = JSON.parse(seen.value).label ?? "";
  if (field.defaultValue === label) return;
  const untouched = field.value === field.defaultValue;
  field.defaultValue = label;
  if (untouched) field.value = label;
}

export function startAsking() {
  document.addEventListener("submit", ({ target }) => target.matches("[data-clears]") && sent.set(target, written(target)), true);
  document.addEventListener("htmx:after:swap", clear);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-ask], main a[href*='#ask-']");
    if (!link || (!link.dataset.ask && link.pathname !== location.pathname)) return;
    const form = document.getElementById(link.dataset.ask ?? link.hash.slice(1));
    if (!form) return;
    event.preventDefault();
    open(form);
  });
  window.addEventListener("hashchange", openNamed);
  for (const event of ["live:applied", "live:refreshed"]) document.addEventListener(event, followLabel);
  openNamed();
}
