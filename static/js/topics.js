// The topics that this page listens to: those that the server named, and one for each row that is on the screen.
const MESSAGE_MOST = 100; // topics in one message to the server, which takes 4 KiB at most

let following = new Set();

function onPage() {
  return new Set([...document.querySelectorAll("main [data-topic]")].map((element) => element.dataset.topic));
}

// All topics of the page: those that the server named, and those of its rows.
export function topicsOfPage() {
  const named = new URL(document.body.dataset.liveUrl, location.href).searchParams.get("topics") ?? "";
  return [...new Set([...named.split(","), ...onPage()])].filter(Boolean);
}

// The address of the WebSocket, with all topics and the point from which to go on.
export function address(since) {
  following = onPage();
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
  const since = document.querySelector("main [data-live-since]")?.dataset.liveSince || undefined;
  const all = redrawn && since;
  const added = [...wanted].filter((topic) => all || !following.has(topic));
  const removed = [...following].filter((topic) => all || !wanted.has(topic));
  following = wanted;
  return [...messages("unsubscribe", removed), ...messages("subscribe", added, since)];
}

function messages(type, topics, since) {
  const made = [];
  for (let start = 0; start < topics.length; start += MESSAGE_MOST) {
    made.push(JSON.stringify({ type, topics: topics.slice(start, start + MESSAGE_MOST), since }));
  }
  return made;
}
