// A form that the server has filled in with what was sent before goes on by itself, once.
export function goOn() {
  const form = document.querySelector("form[data-go-on]");
  if (!form) return;
  form.removeAttribute("data-go-on");
  form.requestSubmit();
}

goOn();
document.addEventListener("htmx:after:swap", goOn);
