// Lists: rows walked with j/k or the arrows, ticked with x, opened with Enter; counts of what is ticked;
// columns moved to the front; the step to the next record.
const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable=true]");
const rows = () => [...document.querySelectorAll("[data-list] tr[data-row], [data-list] tr.lp-group")];
const ticks = (root = document) => [...root.querySelectorAll("[data-tick]")];
let last;

function prepare(root) {
  root.querySelectorAll?.("[data-up], [data-tick-all]").forEach((own) => (own.hidden = false));
  count();
}

function count() {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const said = bar.querySelector("[data-bulk-count]");
  const whole = bar.querySelector("[data-whole]")?.checked;
  const number = ticks().filter((tick) => tick.checked).length;
  said.textContent = number ? `${number} ${said.dataset.some}` : said.dataset.none;
  bar.toggleAttribute("data-any", whole || number > 0);
  bar.querySelectorAll("button[name=verb]").forEach((verb) => (verb.disabled = !whole && !number));
  for (const tick of ticks()) tick.closest("tr").setAttribute("aria-selected", whole || tick.checked);
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.checked = number > 0 && number === ticks().length;
    all.indeterminate = number > 0 && !all.checked;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) ticks().forEach((tick) => (tick.checked = event.target.checked));
  if (event.target.matches("[data-tick-all], [data-tick], [data-whole]")) count();
});

document.addEventListener("click", (event) => {
  const tick = event.target.closest("[data-tick]");
  if (tick) {
    const all = ticks();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((each) => (each.checked = tick.checked));
      count();
    }
    last = tick;
  }
  const up = event.target.closest("[data-up]");
  if (up) {
    const line = up.closest("[data-column]");
    const before = line.previousElementSibling;
    if (before?.matches("[data-column]")) before.before(line);
    up.focus();
  }
});

function go(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.hasAttribute("data-current"));
  const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? (step > 0 ? 0 : all.length - 1) : now + step))];
  all[now]?.removeAttribute("data-current");
  next.setAttribute("data-current", "");
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open], details.lp-menu[open]")) return;
  if (event.ctrlKey) {
    const way = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
    const link = way && document.querySelector(`[data-step=${way}]`);
    if (!link) return;
    event.preventDefault();
    link.click();
    return;
  }
  if (!document.querySelector("[data-list]")) return;
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  const current = document.querySelector("[data-list] tr[data-current]");
  if (step) {
    event.preventDefault();
    go(step);
  } else if (current && event.key === "x") {
    const tick = current.querySelector("[data-tick]");
    if (!tick) return;
    event.preventDefault();
    tick.checked = !tick.checked;
    count();
  } else if (current && event.key === "Enter" && !event.target.closest("a, button")) {
    event.preventDefault();
    current.querySelector("a")?.click();
  }
});

document.addEventListener("htmx:after:swap", () => document.querySelector(".lp-cell-form [autofocus]")?.focus());
document.addEventListener("lp:added", (event) => prepare(event.detail));
window.addEventListener("pageshow", count);
prepare(document);
