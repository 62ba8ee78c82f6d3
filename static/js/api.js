// The API's page: its buttons copy, its contents fold on a narrow screen. Without this file it reads the same.
import { startCopying } from "./copy.js";
import { startToasts } from "./toast.js";

startToasts();
startCopying();

const contents = document.querySelector(".contents-fold");
const narrow = matchMedia("(max-width: 62rem)");
const fold = () => (contents.open = !narrow.matches);
narrow.addEventListener("change", fold);
fold();
contents.addEventListener("click", (event) => {
  if (narrow.matches && event.target.closest("a")) contents.open = false;
});
