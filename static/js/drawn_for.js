// For whom this page was drawn, user and organization: the server refuses what it sends once another tab has entered
// another organization. A wall says nothing.
const owner = document.body.dataset.drawnFor;
export const DRAWN_FOR = owner ? { "X-Drawn-For": owner } : {};

// Forms in parts that are drawn alike for everybody don't say it themselves.
document.addEventListener("submit", ({ target }) => {
  if (!owner || target.method !== "post" || target.elements.drawn_for) return;
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "drawn_for", value: owner });
  target.append(field);
}, true);

// An element that has headers of its own inherits none of the page's.
document.addEventListener("htmx:config:request", ({ detail }) => {
  Object.assign(detail.ctx.request.headers, DRAWN_FOR);
});
