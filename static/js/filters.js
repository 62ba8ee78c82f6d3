// Search and filter forms: what says nothing stays out of the address.
export function startFilters() {
  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    if (!sourceElement.matches?.("form[data-tidy]")) return;
    for (const field of sourceElement.elements) {
      if (field.name && field.value === (field.dataset.default ?? "")) request.body.delete(field.name);
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
