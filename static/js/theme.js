// Light, dark or as the system says. Loaded before the first paint, so that no page flashes in the wrong colours.
(() => {
  const KEY = "console.theme";
  const NEXT = { auto: "light", light: "dark", dark: "auto" };
  const WORDS = { auto: "automatic", light: "light", dark: "dark" };
  const root = document.documentElement;

  function stored() {
    try {
      return NEXT[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : "auto";
    } catch {
      return "auto"; // storage is forbidden: the system's choice stands
    }
  }

  function show(theme) {
    root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-next]")) {
      button.setAttribute("aria-label", `Colours: ${WORDS[theme]}`);
      button.title = `Colours: ${WORDS[theme]}`;
      button.querySelector("use").setAttribute("href", `#i-${theme}`);
    }
    document.dispatchEvent(new CustomEvent("theme:changed"));
  }

  show(stored());
  document.addEventListener("DOMContentLoaded", () => show(stored()));
  window.addEventListener("storage", (event) => event.key === KEY && show(stored()));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(stored()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-next]")) return;
    const theme = NEXT[root.dataset.theme] ?? "auto";
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // it holds until the next page
    }
    show(theme);
  });
})();
