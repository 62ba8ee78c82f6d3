// Notifications of the browser, shown by the service worker, which knows whether any page of the console is looked at.
import { serviceWorkerAddress } from "./trust.js";

async function registered() {
  return (await navigator.serviceWorker.getRegistration("/")) ?? navigator.serviceWorker.register(serviceWorkerAddress());
}

// Asks the person, once. Answers whether notifications are allowed.
export async function allow() {
  if ((await Notification.requestPermission()) !== "granted") return false;
  await registered();
  return true;
}

async function send(message) {
  await registered();
  (await navigator.serviceWorker.ready).active.postMessage(message);
}

export function showAlerts(alerts) {
  return send({ show: alerts.map(({ id, severity, title }) => ({ id, severity, title })) });
}

export function closeAlert(id) {
  return send({ close: id });
}

export async function closeAll() {
  const found = await navigator.serviceWorker.getRegistration("/");
  for (const one of (await found?.getNotifications()) ?? []) one.close();
}
