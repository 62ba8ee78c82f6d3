// Draws the page anew under the reader's hands: scroll position, focus and typed text stay.
/* global htmx */
import { DRAWN_FOR } from "./drawn_for.js";

const HEADERS = { Accept: "text/html", "HX-Request": "true", "HX-Request-Type": "full", "X-Background": "1", ...DRAWN_FOR };

// What is said of the page when it is drawn anew: as many rows as it has are drawn at once, so that nothing moves.
function drawnRows() {
  const number = document.querySelectorAll("[data-list] [data-rows] > tr").length;
  return number ? { "X-Rows": String(number) } : {};
}

// Answers whether it worked. Signed out meanwhile: the reload leads to where one signs in; in another organization,
// or as another user: to that one's page.
export async function refreshMain() {
  const asked = location.href;
  try {
    const answer = await fetch(asked, { headers: { ...HEADERS, ...drawnRows() }, cache: "no-store" });
    if (answer.redirected || [401, 409].includes(answer.status)) location.reload();
    else if (answer.ok) {
      const text = await answer.text();
      if (location.href !== asked) return refreshMain(); // the reader has gone on: this is the page of before
      await htmx.swap({ text, sourceElement: document.body, target: "#main", select: "#main", swap: "outerMorph" });
      document.dispatchEvent(new CustomEvent("live:refreshed"));
      return true;
    }
  } catch {
    // no answer: the caller tries again
  }
  return false;
}
