// The topics that this page listens to: those that the server named, and one for each row that is on the screen.
const MESSAGE_MOST = 100; // topics in one message to the server, which takes 4 KiB at most

let following = new Set();

const SINCE = "main [data-live-since]"; // what was read later than the page says as of when

// The topics of rows, each with as of when its row was drawn, where it was later than the page.
function onPage() {
  const rows = [...document.querySelectorAll("main [data-topic]")];
  return new Map(rows.map((row) => [row.dataset.topic, row.closest(SINCE)?.dataset.liveSince]));
}

// All topics of the page: those that the server named, and those of its rows.
export function topicsOfPage() {
  const named = new URL(document.body.dataset.liveUrl, location.href).searchParams.get("topics") ?? "";
  return [...new Set([...named.split(","), ...onPage().keys()])].filter(Boolean);
}

// The address of the WebSocket, with all topics and the point from which to go on.
export function address(since) {
  following = new Set(onPage().keys());
  const url = new URL(document.body.dataset.liveUrl, location.href);
  const named = url.searchParams.get("topics");
  url.searchParams.delete("topics");
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const all = [...(named ?? "").split(","), ...following].filter(Boolean).join(",");
  const ask = [named !== null || all ? `topics=${all}` : "", since ? `since=${since}` : ""].filter(Boolean).join("&");
  return `${url.href}${url.search ? "&" : "?"}${ask}`;
}

// Messages for the rows that came or went with a search or another page. `redrawn`: the rows that stayed were drawn by
// the server too, perhaps before something that the page has shown already; so what was published since is asked for again.
export function changes(redrawn) {
  const wanted = onPage();
  const since = document.querySelector(SINCE)?.dataset.liveSince || undefined;
  const all = redrawn && since;
  const added = [...wanted.keys()].filter((topic) => all || !following.has(topic));
  const removed = [...following].filter((topic) => all || !wanted.has(topic));
  following = new Set(wanted.keys());
  const points = Map.groupBy(added, (topic) => wanted.get(topic) ?? since);
  return [...messages("unsubscribe", removed), ...[...points].flatMap(([point, topics]) => messages("subscribe", topics, point))];
}

function messages(type, topics, since) {
  const made = [];
  for (let start = 0; start < topics.length; start += MESSAGE_MOST) {
    made.push(JSON.stringify({ type, topics: topics.slice(start, start + MESSAGE_MOST), since }));
  }
  return made;
}
