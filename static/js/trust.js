/* global htmx */
// The one policy of Trusted Types: only htmx makes HTML of text, which is the console's own answer, nobody makes a script
// of text, and of addresses only the service worker's is one of a script. See the header Content-Security-Policy.
const SERVICE_WORKER = "/service-worker.js";
const rules = { createHTML: (html) => html, createScript: () => "", createScriptURL: () => SERVICE_WORKER };
let policy = rules;

// The address of the service worker, as browsers with Trusted Types demand it.
export function serviceWorkerAddress() {
  return policy.createScriptURL(SERVICE_WORKER);
}

export function trustHtmx() {
  policy = globalThis.trustedTypes?.createPolicy("htmx", rules) ?? rules;
  htmx.registerExtension("trusted-types", { init: (api) => api.initSecurity(policy) });
}
