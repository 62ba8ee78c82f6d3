// Selected alerts: acknowledged together, each by its row's own form.
const picked = new Set();

const box = (id) => document.querySelector(`[data-alert-pick="${id}"]`);

// Boxes and bar agree with what is selected, also after rows were drawn anew. What is resolved or acknowledged is none.
function show() {
  for (const id of picked) if (!box(id)) picked.delete(id);
  for (const one of document.querySelectorAll("[data-alert-pick]")) {
    const chosen = picked.has(one.dataset.alertPick);
    if (one.checked !== chosen) one.checked = chosen;
    one.closest("tr").classList.toggle("is-picked", chosen);
  }
  const bar = document.getElementById("alerts-picked");
  bar.hidden = !picked.size;
  const words = picked.size === 1 ? "1 alert selected" : `${picked.size} alerts selected`;
  const place = bar.querySelector("[data-picked-words]");
  if (place.textContent !== words) place.textContent = words;
}

export function startAlertSelection() {
  for (const one of document.querySelectorAll("[data-alert-pick]:checked")) picked.add(one.dataset.alertPick);
  show();
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("[data-alert-pick]")) return;
    if (target.checked) picked.add(target.dataset.alertPick);
    else picked.delete(target.dataset.alertPick);
    show();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-acknowledge-picked]")) {
      for (const id of picked) box(id)?.closest("tr").querySelector(".alert-acknowledge")?.requestSubmit();
      picked.clear();
      show();
    } else if (target.closest("[data-alert-pick-none]")) {
      picked.clear();
      show();
    }
  });
  for (const event of ["htmx:after:swap", "live:applied", "live:refreshed"]) document.addEventListener(event, show);
  window.addEventListener("pageshow", show);
}
