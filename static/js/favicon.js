// The page's icon: a dot with how many alerts fire, red for a critical one; grey with a "!" while the page is stale.
const COLOURS = { critical: "#c4262e", warning: "#a35200", info: "#3566c4", stale: "#5d6470" };
const MARK =
  "M5 1.5h6.6L17 6.9v9.6a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2Zm.9 8.1v6h3.4v-6Zm4.8 0v2.5h3.4V9.6Zm0 3.7v2.3h3.4v-2.3Z";
const SIZE = 64; // pixels; the mark is drawn in 20 units
let plain = null;
let shown = "";

function drawn(level, text) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const pen = canvas.getContext("2d");
  pen.scale(SIZE / 20, SIZE / 20);
  pen.fillStyle = "#3f78e6";
  pen.fill(new Path2D(MARK), "evenodd");
  pen.fillStyle = COLOURS[level];
  pen.beginPath();
  pen.arc(12.5, 12.5, 7.5, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.font = `700 ${text.length > 1 ? 10 : 12}px sans-serif`;
  pen.textAlign = "center";
  pen.fillText(text, 12.5, text.length > 1 ? 16 : 16.75);
  return canvas.toDataURL();
}

// `worst`: the severity of the most urgent alert that fires; empty for none.
export function showIcon(worst, firing) {
  const link = document.querySelector('link[rel="icon"]');
  if (!link) return;
  plain ??= { href: link.getAttribute("href"), type: link.type };
  const stale = document.body.dataset.live === "stale";
  const level = stale ? "stale" : firing ? worst : "";
  const text = stale ? "!" : firing > 9 ? "9+" : String(firing);
  if (shown === `${level} ${text}`) return;
  shown = `${level} ${text}`;
  link.type = COLOURS[level] ? "image/png" : plain.type;
  link.setAttribute("href", COLOURS[level] ? drawn(level, text) : plain.href);
  link.dataset.level = level;
}
