// The navigation as icons or with its words, as the reader left it. Loaded before the first paint, so that nothing moves.
(() => {
  const KEY = "console.rail";
  const root = document.documentElement;
  const middle = matchMedia("(max-width: 64rem)");

  function stored() {
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return ""; // storage is forbidden: the width of the window decides
    }
  }

  function show(choice) {
    root.dataset.rail = choice || (middle.matches ? "narrow" : "wide");
    const button = document.querySelector("[data-rail-fold]");
    button?.setAttribute("aria-expanded", String(root.dataset.rail === "wide"));
  }

  show(stored());
  document.addEventListener("DOMContentLoaded", () => show(stored()));
  middle.addEventListener("change", () => show(stored()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-rail-fold]")) return;
    const choice = root.dataset.rail === "wide" ? "narrow" : "wide";
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // it holds until the next page
    }
    show(choice);
  });
})();
