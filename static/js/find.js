// Finding a SIM or a page from every page: a dialog with a field; the server suggests, and opens on Enter.
const dialog = () => document.getElementById("find");

export function openFind() {
  const found = dialog();
  if (!found || document.querySelector("dialog[open]")) return;
  found.showModal();
  found.querySelector("[data-find-field]").select();
}

// Down and up go from the field through the suggestions and back.
function choose(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  const places = [dialog().querySelector("[data-find-field]"), ...dialog().querySelectorAll(".find-found a")];
  const here = places.indexOf(document.activeElement);
  places[Math.min(Math.max(here + by, 0), places.length - 1)].focus();
  event.preventDefault();
}

export function startFind() {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || !dialog()) return;
    event.preventDefault();
    openFind();
  });
  dialog()?.addEventListener("keydown", choose);
  dialog()?.querySelector("[data-find-close]").addEventListener("click", () => dialog().close());
}
