// The address that an administrator copies has the key after `#`, which browsers send to no server: it is sent as a form.
const key = location.hash.slice(1);
const form = document.querySelector("[data-wall-key]");
if (key && form) {
  history.replaceState(null, "", location.pathname);
  form.elements.key.value = key;
  form.requestSubmit();
}
