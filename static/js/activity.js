// Reports to the server that a person uses this page: a live page is never loaded anew, and an idle session ends.
const EVERY = 4 * 60_000;
let toldAt = performance.now(); // the page was loaded by a person

function report() {
  if (performance.now() - toldAt < EVERY) return;
  toldAt = performance.now();
  fetch("/activity", { method: "POST", keepalive: true }).catch(() => (toldAt = 0));
}

export function startActivity() {
  if (!document.body.dataset.liveUrl) return;
  for (const deed of ["pointerdown", "keydown", "wheel"]) document.addEventListener(deed, report, { passive: true });
}
