// A value that is edited where it stands: its form opens with the cursor in its field, Esc folds it again.
export function startEditing() {
  let asked = "";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-edit]");
    const fold = button?.closest("section").querySelector("[data-edit-fold]");
    if (!fold) return;
    asked = button.dataset.edit;
    fold.open = true;
    fold.querySelector(`[name="${asked}"]`).focus();
  });
  document.addEventListener("keydown", (event) => {
    const fold = event.key === "Escape" && event.target.closest("[data-edit-fold][open]");
    if (!fold) return;
    event.stopPropagation();
    fold.open = false;
    (fold.closest("section").querySelector(`[data-edit="${asked}"]`) ?? fold.querySelector("summary")).focus();
  });
}
