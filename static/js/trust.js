/* global htmx */
// The one policy of Trusted Types: only htmx makes HTML of text, which is the console's own answer, and nobody makes a
// script of text. See the header Content-Security-Policy.
export function trustHtmx() {
  const rules = { createHTML: (html) => html, createScript: () => "" };
  const policy = globalThis.trustedTypes?.createPolicy("htmx", rules) ?? rules;
  htmx.registerExtension("trusted-types", { init: (api) => api.initSecurity(policy) });
}
