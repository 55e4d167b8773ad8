// Ctrl-K: records from the server, commands and places of this page, one list walked with the arrow keys.
import { corner } from "./toasts.js";

const dialog = document.getElementById("lp-palette");
const field = dialog?.querySelector("input");
const list = document.getElementById("lp-palette-results");
const verbs = list?.querySelector("[data-verbs]");
const found = list?.querySelector("[data-found]");
let asked = 0;
let timer;
let current = -1;

const visible = () => [...list.querySelectorAll(".lp-result")].filter((result) => !result.hidden);

function mark(index) {
  const results = visible();
  results.forEach((result, place) => {
    result.id ||= `lp-result-${Math.random().toString(36).slice(2)}`;
    result.setAttribute("role", "option");
    result.tabIndex = -1;
    result.setAttribute("aria-selected", place === index ? "true" : "false");
  });
  current = index;
  const chosen = results[index];
  if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
  else field.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.getAttribute("aria-label"));
  list.querySelectorAll(":scope > div").forEach((part) => part.setAttribute("role", "presentation"));
  list.querySelectorAll(".lp-results-group").forEach((head) => head.setAttribute("role", "presentation"));
  field.setAttribute("aria-expanded", String(results.length > 0));
}

function filterVerbs(text) {
  const wanted = text.toLowerCase();
  let head;
  for (const child of verbs.children) {
    if (child.matches(".lp-results-group")) {
      head = child;
      head.hidden = true;
      continue;
    }
    child.hidden = Boolean(wanted) && !(child.dataset.words ?? child.textContent).toLowerCase().includes(wanted);
    if (!child.hidden && head) head.hidden = false;
  }
}

async function search() {
  const text = field.value.trim();
  filterVerbs(text);
  const turn = ++asked;
  if (!text) {
    found.replaceChildren();
    mark(0);
    return;
  }
  try {
    const address = new URL(field.form.action);
    address.searchParams.set("q", text);
    const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#lp-palette-results" } });
    if (turn !== asked) return;
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.replaceChildren(...(page.getElementById("lp-results") ?? page.getElementById("main") ?? page.body).childNodes);
    if (!visible().length) say(list.dataset.nothing);
  } catch {
    if (turn !== asked) return;
    say(list.dataset.failed);
  }
  arrange(text);
  mark(0);
}

// Records first, unless what was typed begins a command.
function arrange(text) {
  const begins = [...verbs.querySelectorAll(".lp-result:not([hidden])")].some((verb) => (verb.dataset.words ?? "").toLowerCase().split(" ").some((word) => word.startsWith(text.toLowerCase())));
  list.prepend(begins ? verbs : found);
}

function say(sentence) {
  const text = document.createElement("p");
  text.className = "lp-results-group";
  text.textContent = sentence;
  found.replaceChildren(text);
}

export function openPalette(text = "") {
  if (!dialog || dialog.open) return;
  field.value = text;
  dialog.showModal();
  field.focus();
  search();
}

if (dialog) {
  field.addEventListener("input", (event) => {
    clearTimeout(timer);
    filterVerbs(field.value.trim());
    if (!event.isComposing) timer = setTimeout(search, 120);
  });
  field.addEventListener("compositionend", search);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = visible().length;
    const moves = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: count - 1 };
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      mark((moves[event.key] + count) % count);
    }
    const chosen = visible()[current];
    if (event.key === "Enter" && chosen) {
      event.preventDefault();
      dialog.close();
      if (event.ctrlKey || event.metaKey) window.open(chosen.href, "_blank", "noopener");
      else chosen.click();
    }
  });
  list.addEventListener("pointermove", (event) => {
    const place = visible().indexOf(event.target.closest(".lp-result"));
    if (place >= 0 && place !== current) mark(place);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]") || event.ctrlKey || event.metaKey || !corner()) return;
    event.preventDefault();
    openPalette();
  });
}
