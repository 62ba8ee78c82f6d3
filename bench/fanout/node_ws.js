// What one would write in Node: the package ws, one subscription to Redis, and a loop over its clients.
// Usage: node node_ws.js PORT REDIS-URL, in a folder where ws and redis are installed.
const { createRequire } = require("node:module");
const here = createRequire(`${process.cwd()}/`);
const { WebSocketServer } = here("ws");
const { createClient } = here("redis");

async function main(port, url) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), backlog: 4096, perMessageDeflate: false });
  const redis = createClient({ url });
  await redis.connect();
  await redis.subscribe(
    "bench:node_ws",
    (text) => {
      for (const client of server.clients) if (client.readyState === 1) client.send(text, { binary: false });
    },
    true, // as bytes: nothing is decoded and encoded again
  );
}

main(process.argv[2], process.argv[3]);
