// Buttons that put a number on the clipboard.
import { notify } from "./toast.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      notify(`Copied ${button.dataset.copied ?? button.dataset.copy}`);
    } catch {
      notify("The browser does not allow copying here: select the number instead.", "warn");
    }
  });
}
