// Shows alerts as notifications of the browser, while no page of the console is looked at. It handles no requests.
const MOST = 3; // at once; more are one

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

const tag = (id) => `alert-${id}`;

async function show(alerts) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.some((page) => page.focused)) return;
  if (alerts.length > MOST) {
    const critical = alerts.filter(({ severity }) => severity === "critical").length;
    const body = critical ? `${critical} of them critical: ${alerts.find(({ severity }) => severity === "critical").title}` : alerts[0].title;
    await registration.showNotification(`${alerts.length} alerts fire`, { body, tag: "alerts", data: "/alerts" });
    return;
  }
  for (const { id, severity, title } of alerts) {
    await registration.showNotification(`SIM console: ${severity}`, {
      body: title,
      tag: tag(id), // the same alert from another page of this browser takes its place
      data: `/alerts/${id}`,
      requireInteraction: severity === "critical",
    });
  }
}

async function close(id) {
  for (const one of await registration.getNotifications({ tag: tag(id) })) one.close();
}

addEventListener("message", (event) => {
  const { show: alerts, close: id } = event.data ?? {};
  if (Array.isArray(alerts) && alerts.length) event.waitUntil(show(alerts));
  else if (id) event.waitUntil(close(id));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = event.notification.data;
  if (!/^\/alerts(\/\d+)?$/.test(path)) return;
  event.waitUntil(
    clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
      const there = pages.find((page) => new URL(page.url).pathname === path);
      return there ? there.focus() : clients.openWindow(path);
    }),
  );
});
