// Messages in the corner. They stay until they are dismissed, or for 20 seconds when nothing is wrong.
const CALM = 20_000;
const MOST = 5;
const CALMER = ["warn", "info"]; // what is neither, or can still be undone, goes last
const order = new WeakMap(); // in which messages have come: they stand on top or below, by where they come from
let number = 0;

export function notify(text, kind = "info") {
  const region = document.getElementById("messages");
  if (!region) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.kind = kind;
  if (kind === "info") toast.dataset.fades = "";
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.dataset.dismiss = "";
  close.textContent = "Dismiss";
  toast.append(words, close);
  region.append(toast);
}

// The revision of what a message is about; an answer that was long on its way may be older than what has come live.
const revision = (toast) => Number(toast.dataset.rev ?? 0);

// Of one thing one message, the latest; and few in all: the least urgent go first, of these the oldest.
function crowd(region) {
  for (const toast of region.children) {
    if (order.has(toast)) continue;
    order.set(toast, (number += 1));
    if ("fades" in toast.dataset) setTimeout(() => toast.remove(), CALM);
  }
  const latest = [...region.children].sort((one, other) => revision(other) - revision(one) || order.get(other) - order.get(one));
  const said = new Set();
  const left = latest.filter((toast) => {
    const again = toast.id && said.has(toast.id);
    said.add(toast.id);
    if (again) toast.remove();
    return !again;
  });
  const calm = (toast) => (toast.querySelector("form") ? -1 : CALMER.indexOf(toast.dataset.kind));
  left.sort((one, other) => calm(one) - calm(other) || order.get(other) - order.get(one));
  for (const toast of left.slice(MOST)) toast.remove();
}

// A message about an approval is for whoever asked, or for those who may decide.
function concerns(toast) {
  const { user, decides } = document.body.dataset;
  if (!("for" in toast.dataset)) return true;
  return toast.dataset.for ? toast.dataset.for === user : decides === "yes" && toast.dataset.notFor !== user;
}

export function startToasts() {
  const region = document.getElementById("messages");
  if (region) {
    new MutationObserver(() => {
      for (const toast of region.querySelectorAll("[data-for]")) if (!concerns(toast)) toast.remove();
      crowd(region);
    }).observe(region, { childList: true });
  }
  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast")?.remove());
  // A request that never got an answer: the server's own words for a refused one arrive as HTML.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) notify("No answer from the console. What you see is as it was; try again.", "error");
  });
}
