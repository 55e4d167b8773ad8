// data-open="id" opens a dialog, data-close closes it, data-load brings another page's content into the shared
// one, data-confirm asks first.
import { corner, toast } from "./toasts.js";

export function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

// The content of a page without its frame; its forms keep the address they came from.
function show(body, text, address) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const main = page.getElementById("main");
  main?.querySelectorAll(".lp-head, nav[aria-label] > .lp-trail").forEach((part) => part.remove());
  body.replaceChildren(...(main ?? page.body).childNodes);
  body.querySelectorAll("form:not([action])").forEach((form) => form.setAttribute("action", address));
  window.htmx?.process(body);
  document.dispatchEvent(new CustomEvent("lp:added", { detail: body }));
  (body.querySelector(".is-invalid") ?? body.querySelector("input:not([type=hidden]), select, textarea"))?.focus();
}

// A form in the shared dialog stays there until it is accepted; then the page it leads to opens.
async function send(form, submitter) {
  const body = document.getElementById("lp-shared-body");
  body.setAttribute("aria-busy", "true");
  submitter?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new FormData(form, submitter) });
    if (answer.redirected) {
      form.dispatchEvent(new CustomEvent("lp:sent", { bubbles: true }));
      location.assign(answer.url);
    } else if (answer.ok || answer.status === 422 || answer.status === 409) show(body, await answer.text(), form.getAttribute("action"));
    else toast(answer.status < 500 ? corner().dataset.denied : corner().dataset.broken, "danger");
  } catch {
    toast(corner().dataset.offline, "danger");
  } finally {
    body.removeAttribute("aria-busy");
    submitter?.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  // By attributes: a field called "method", "action" or "target" hides the property of that name.
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("target") || form.hasAttribute("hx-post")) return;
  const body = form.closest("#lp-shared-body");
  if (!body) return;
  event.preventDefault();
  if (!body.hasAttribute("aria-busy")) send(form, event.submitter);
});

async function load(link) {
  const dialog = document.getElementById("lp-shared");
  const body = document.getElementById("lp-shared-body");
  const title = document.getElementById("lp-shared-title");
  title.textContent = link.dataset.loadTitle ?? link.textContent.trim();
  body.replaceChildren();
  body.setAttribute("aria-busy", "true");
  open(dialog);
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#lp-shared-body" } });
    if (answer.redirected || !answer.ok) {
      location.assign(link.href);
      return;
    }
    show(body, await answer.text(), link.href);
  } catch {
    dialog.close();
    toast(corner().dataset.offline, "danger");
  } finally {
    body.removeAttribute("aria-busy");
  }
}

export function ask(sentence) {
  const dialog = document.getElementById("lp-ask");
  if (!dialog) return Promise.resolve(window.confirm(sentence));
  dialog.querySelector("[data-sentence]").textContent = sentence;
  dialog.returnValue = "";
  open(dialog);
  dialog.querySelector("[data-yes]").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", (event) => {
  const yes = event.target.closest("#lp-ask [data-yes]");
  if (yes) yes.closest("dialog").close("yes");
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  if (event.target instanceof HTMLDialogElement) {
    const box = event.target.getBoundingClientRect();
    const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
    if (outside) event.target.close();
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const opener = event.target.closest("[data-open]");
  if (opener && document.getElementById(opener.dataset.open)) {
    event.preventDefault();
    open(document.getElementById(opener.dataset.open));
  }
  const back = event.target.closest("[data-back]");
  if (back && history.length > 1) {
    event.preventDefault();
    history.back();
  }
  const loader = event.target.closest("a[data-load]");
  if (loader) {
    event.preventDefault();
    load(loader);
  }
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, label, summary") && !String(getSelection())) {
    location.assign(row.dataset.href);
  }
});

// Ask before a form or a link with data-confirm. htmx requests are asked for in requests.js.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-confirm]");
  if (!link || link.hasAttribute("hx-get")) return;
  event.preventDefault();
  if (await ask(link.dataset.confirm)) location.assign(link.href);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const sentence = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!sentence || form.dataset.confirmed) {
    delete form.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(sentence))) return;
  form.dataset.confirmed = "1";
  form.requestSubmit(event.submitter);
}, true);

// What was shown in the shared dialog must not stay behind: its ids would stand on the page twice.
document.getElementById("lp-shared")?.addEventListener("close", (event) => {
  event.target.querySelector(".lp-dialog-body").replaceChildren();
});
