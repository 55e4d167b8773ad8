// Around htmx: a busy line, no error page inside a fragment, our own question instead of window.confirm, tabs.
import { ask } from "./dialogs.js";
import { corner, toast } from "./toasts.js";

const line = document.getElementById("lp-busy");
let running = 0;
let timer;

document.addEventListener("htmx:before:request", (event) => {
  if (event.detail?.ctx?.sourceElement?.matches?.('[hx-trigger*="every"]')) return;
  running += 1;
  clearTimeout(timer);
  timer = setTimeout(() => line?.toggleAttribute("data-on", running > 0), 200);
});

document.addEventListener("htmx:finally:request", () => {
  running = Math.max(0, running - 1);
  if (!running) {
    clearTimeout(timer);
    line?.removeAttribute("data-on");
  }
});

document.addEventListener("htmx:before:swap", (event) => {
  const status = event.detail?.ctx?.response?.status ?? 200;
  // The session ended: the answer is the sign-in page, which must not land in a fragment.
  if (/<body class="lp-bare/.test(event.detail?.ctx?.text ?? "") && status < 400) {
    event.preventDefault();
    location.reload();
    return;
  }
  if (status < 400 || status === 422 || status === 409) return;
  event.preventDefault();
  if (status === 401) location.reload();
  toast(status === 403 || status === 404 ? corner()?.dataset.denied : corner()?.dataset.broken, "danger");
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail?.ctx?.response) return;
  if (event.detail?.error?.name === "AbortError") return;
  toast(corner()?.dataset.offline, "danger");
});

document.addEventListener("htmx:confirm", async (event) => {
  const source = event.detail?.ctx?.sourceElement;
  const sentence = source?.getAttribute?.("hx-confirm");
  if (!sentence) return;
  event.preventDefault();
  if (await ask(sentence)) event.detail.issueRequest();
  else event.detail.dropRequest?.();
});

document.addEventListener("htmx:after:swap", (event) => {
  const tab = event.detail?.ctx?.sourceElement;
  if (!tab?.matches?.("[data-tab]")) return;
  tab.closest("ul").querySelectorAll("[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
  tab.setAttribute("aria-current", "page");
});
