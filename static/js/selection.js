// Selected rows of the list of SIMs, on whichever page of it; and identifiers read from a file.
const MOST = 200; // in one address; more are pasted, or chosen by a filter
const KEPT = "console.picked"; // for the way back to the list
const picked = new Set();

// Whose selection it is: another user's or another organization's is not taken up.
const whose = () => document.body.dataset.drawnFor;

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([whose(), ...picked]));
  } catch {
    // storage is forbidden: it holds as long as the page
  }
}

// What was selected when the reader left the list, if they come back to it; a list that is opened has none.
function takeUp() {
  const [how] = performance.getEntriesByType("navigation");
  if (picked.size || !document.querySelector("[data-list]") || !["back_forward", "reload"].includes(how?.type)) return;
  try {
    const [user, ...iccids] = JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
    if (user === whose()) for (const iccid of iccids.slice(0, MOST)) picked.add(iccid);
  } catch {
    // as above
  }
}

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
  for (const { dataset } of document.querySelectorAll("[data-pick]:checked")) picked.add(dataset.pick); // before this ran
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
  window.addEventListener("pagehide", () => document.querySelector("[data-list]") && keep());
  takeUp();
  show();
}
