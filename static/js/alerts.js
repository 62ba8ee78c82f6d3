// What fires now: how many, in the page's title; a new critical alert is read out at once, and nothing else is.
const COUNT = /^\(\d+\) /;
const changes = new MutationObserver(show); // the strip is drawn at once, on a paused page too
let announced = "";
let watched;

function show() {
  const strip = document.getElementById("incident-strip");
  if (!strip) return;
  if (strip !== watched) changes.observe((watched = strip), { attributeFilter: ["data-firing", "data-critical"] });
  const { firing, critical } = strip.dataset;
  const plain = document.title.replace(COUNT, "");
  const title = Number(firing) ? `(${firing}) ${plain}` : plain;
  if (document.title !== title && !plain.startsWith("(!)")) document.title = title;
  if (critical === announced) return;
  announced = critical;
  const region = document.getElementById("critical");
  if (region) region.textContent = critical ? `Critical alert: ${strip.querySelector("[data-alert-title]").textContent}` : "";
}

export function startAlerts() {
  const main = document.getElementById("main");
  if (!main) return;
  show();
  new MutationObserver(show).observe(main, { childList: true });
}
