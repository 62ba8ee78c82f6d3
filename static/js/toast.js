// Messages in the corner. They stay until they are dismissed, or for 20 seconds when nothing is wrong.
const CALM = 20_000;
const MOST = 5;

export function notify(text, kind = "info") {
  const region = document.getElementById("messages");
  if (!region) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.kind = kind;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.dataset.dismiss = "";
  close.textContent = "Dismiss";
  toast.append(words, close);
  region.append(toast);
  crowd(region);
  if (kind === "info") setTimeout(() => toast.remove(), CALM);
}

// Of one thing one message, the latest.
function crowd(region) {
  const said = new Set();
  for (const toast of [...region.children].reverse()) {
    if (toast.id && said.has(toast.id)) toast.remove();
    said.add(toast.id);
  }
  while (region.children.length > MOST) region.firstElementChild.remove();
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
    }).observe(region, { childList: true });
  }
  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast")?.remove());
  // A request that never got an answer: the server's own words for a refused one arrive as HTML.
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) notify("No answer from the console. What you see is as it was; try again.", "error");
  });
  document.addEventListener("htmx:after:swap", () => crowd(document.getElementById("messages")));
}
