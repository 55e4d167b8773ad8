// Ctrl-K palette, Ctrl-Enter save, / search, ? list, and the single letters a page declares with data-key.
import { open } from "./dialogs.js";
import { openPalette } from "./palette.js";

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");

function list() {
  const dialog = document.getElementById("lp-keys");
  const keys = dialog?.querySelector(".lp-keys");
  if (!keys) return;
  keys.querySelectorAll("[data-own]").forEach((own) => own.remove());
  for (const target of document.querySelectorAll("main [data-key]")) {
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = target.dataset.key;
    term.append(key);
    const meaning = document.createElement("dd");
    meaning.textContent = target.dataset.keyLabel ?? target.textContent.trim();
    term.dataset.own = meaning.dataset.own = "";
    keys.append(term, meaning);
  }
  open(dialog);
}

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-open="lp-keys"]')) list();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (command && event.key === "Enter") {
    const form = event.target.closest?.("form") ?? document.querySelector("main form.lp-form");
    // By its attribute: a field called "method" hides the property of that name.
    if (form?.getAttribute("method") === "post") {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[type=submit]") ?? undefined);
    }
    return;
  }
  if (command || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    list();
    return;
  }
  if (event.key === "/") {
    const field = document.querySelector("[data-slash]");
    event.preventDefault();
    if (field) {
      field.focus();
      field.select?.();
    }
    else openPalette();
    return;
  }
  const target = [...document.querySelectorAll("main [data-key]")].find((verb) => verb.dataset.key === event.key && verb.checkVisibility?.() !== false);
  if (target) {
    event.preventDefault();
    target.click();
  }
});
