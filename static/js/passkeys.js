// Passkeys: a form asks the browser's authenticator when it is sent, and takes its answer along.
const named = !/^[\d.]+$|^\[/.test(location.hostname);

if (named && globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const note of document.querySelectorAll("[data-no-passkeys]")) note.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => answer(event, form));
  }
}

async function answer(event, form) {
  const field = form.querySelector("[data-passkey-answer]");
  if (field.value) return;
  event.preventDefault();
  const fault = form.querySelector("[data-passkey-fault]");
  fault.hidden = true;
  try {
    const asked = await fetch(form.dataset.passkey, { method: "POST" });
    if (!asked.ok) throw new Error(`status ${asked.status}`);
    const found = await credential(await asked.json(), "makes" in form.dataset);
    field.value = JSON.stringify(found.toJSON());
    form.requestSubmit();
  } catch {
    fault.hidden = false;
  }
}

function credential(asked, makes) {
  const types = globalThis.PublicKeyCredential;
  if (makes) return navigator.credentials.create({ publicKey: types.parseCreationOptionsFromJSON(asked) });
  return navigator.credentials.get({ publicKey: types.parseRequestOptionsFromJSON(asked) });
}
