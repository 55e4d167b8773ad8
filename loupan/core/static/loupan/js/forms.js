// One submit per form, the first error in view, amounts grouped when the field is left.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});

export function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}

document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail?.ctx?.sourceElement?.closest?.("form");
  if (form) release(form);
});
// Back in the browser's history shows the page as it was left: with the button still busy.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

function showErrors(root) {
  const summary = root.querySelector("[data-focus]");
  const first = root.querySelector(".is-invalid");
  (first ?? summary)?.focus({ preventScroll: true });
  summary?.scrollIntoView({ block: "nearest" });
}
showErrors(document);
document.addEventListener("htmx:after:swap", () => showErrors(document.getElementById("lp-shared")?.open ? document.getElementById("lp-shared") : document));

document.addEventListener("focusout", (event) => {
  const field = event.target;
  if (!field.matches?.("input.lp-num[inputmode=decimal]")) return;
  const plain = field.value.replace(/[,\s¥]/g, "");
  if (!/^-?\d+(\.\d+)?$/.test(plain)) return;
  const [whole, fraction] = plain.split(".");
  field.value = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (fraction === undefined ? "" : `.${fraction}`);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const { toast, corner } = await import("./toasts.js");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const field = document.createElement("textarea");
    field.value = button.dataset.copy;
    (button.closest("dialog") ?? document.body).append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  button.dataset.done = "";
  toast(corner().dataset.copied, "ok");
  setTimeout(() => delete button.dataset.done, 2000);
});
