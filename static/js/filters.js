// Search and filter forms: empty fields stay out of the address.
export function startFilters() {
  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    if (!sourceElement.matches?.("form[data-tidy]")) return;
    for (const [name, value] of [...request.body]) {
      if (value === "") request.body.delete(name);
    }
  });
  // The clear link and the back button change the address behind the form's back: make the fields agree with it.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-tidy]")) {
      const asked = new URLSearchParams(location.search);
      for (const field of form.elements) {
        if (field.name && field.type !== "hidden" && asked.has(field.name)) field.value = asked.get(field.name);
      }
    }
  });
}
