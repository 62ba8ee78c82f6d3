const BOXES = "input[type=checkbox][form]";

// What was typed into fields that add a value to a filter, and sent.
const added = new Map();

// Takes one value out, and leaves the others of the same name.
function removeValue(body, field) {
  const others = body.getAll(field.name).filter((value) => value !== field.value);
  body.delete(field.name);
  for (const value of others) body.append(field.name, value);
}

// Boxes that were ticked by hand don't follow the page when it is drawn anew; what was added is a chip by now.
function agree() {
  for (const box of document.querySelectorAll(BOXES)) box.checked = box.defaultChecked;
  for (const [field, value] of added) if (field.value === value) field.value = "";
  added.clear();
}

// Search and filter forms: what says nothing stays out of the address.
export function startFilters() {
  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    if (!sourceElement.matches?.("form[data-tidy]")) return;
    for (const field of sourceElement.elements) {
      if (field.name && field.value === (field.dataset.default ?? "")) removeValue(request.body, field);
      else if ("adds" in field.dataset) added.set(field, field.value);
    }
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const { swap, target } = event.detail?.ctx ?? {};
    if (swap !== "none" && target?.querySelector?.(BOXES)) agree();
  });
  // The clear link and the back button change the address behind the form's back: make the fields agree with it.
  window.addEventListener("pageshow", (event) => {
    agree();
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-tidy]")) {
      const asked = new URLSearchParams(location.search);
      for (const field of form.elements) {
        if (field.matches("[name]:not([type=hidden], [type=checkbox], [data-adds])") && asked.has(field.name)) field.value = asked.get(field.name);
      }
    }
  });
}
