// Selected rows of the list of SIMs, on whichever page of it; and identifiers read from a file.
const MOST = 200; // in one address; more are pasted, or chosen by a filter
const picked = new Set();

// The boxes and the link agree with what is selected, also after rows were drawn anew.
function show() {
  for (const box of document.querySelectorAll("[data-pick]")) {
    const chosen = picked.has(box.dataset.pick);
    if (box.checked !== chosen) box.checked = chosen;
    box.closest("tr").classList.toggle("is-picked", chosen);
  }
  const link = document.querySelector("[data-pick-link]");
  if (!link) return;
  const text = picked.size ? `Act on ${picked.size} selected` : link.dataset.all;
  const href = picked.size ? `/bulk-actions/new?iccids=${[...picked].join(",")}` : link.dataset.allHref;
  if (link.textContent !== text) link.textContent = text;
  if (link.getAttribute("href") !== href) link.setAttribute("href", href);
  document.querySelector("[data-pick-none]").hidden = !picked.size;
}

function change(box) {
  if (box.checked && picked.size < MOST) picked.add(box.dataset.pick);
  else picked.delete(box.dataset.pick);
  show();
}

export function startSelection() {
  document.addEventListener("change", async ({ target }) => {
    if (target.matches?.("[data-pick]")) change(target);
    if (!target.matches?.("[data-file-into]") || !target.files.length) return;
    const place = document.querySelector("[data-file-target]");
    place.value = `${place.value}\n${await target.files[0].text()}`.trim();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-pick-none]")) return;
    picked.clear();
    show();
    document.querySelector("[data-pick-link]")?.focus();
  });
  for (const event of ["htmx:after:swap", "live:applied", "live:refreshed"]) document.addEventListener(event, show);
  window.addEventListener("pageshow", show);
}
