// The unit board: keyboard, filter, side panel, selection, and the changes of other desks. One listener of a kind
// for the whole board, none on a cell; what is known of a cell stands in its data attributes.
import { toast } from "./js/toasts.js";

const board = document.getElementById("board");
const units = document.getElementById("board-units");
const panel = document.getElementById("unit-panel");
const filters = document.getElementById("board-filters");
const told = document.getElementById("board-state");
const selecting = board.classList.contains("ub-selecting");
const past = "past" in board.dataset; // As it stood at a moment: nothing changes any more.
const cells = new Map();
const drawn = new Map();

const address = () => new URL(location.href);
const cellOf = (target) => target.closest?.(".ub-c");
const idOf = (cell) => cell.id.slice(1);
const phone = matchMedia("(max-width: 767.98px)");

for (const cell of units.querySelectorAll(".ub-c")) cells.set(idOf(cell), cell);

function remember(change) {
  const next = address();
  change(next.searchParams);
  history.replaceState(history.state, "", next);
}

// --- Filters: what does not match is dimmed, never moved --------------------------------------------

const field = (name) => filters.elements[name]?.value.trim() ?? "";
const number = (text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
let chosenStatus = new Set(address().searchParams.getAll("status"));

function between(text, least, most) {
  if (least === null && most === null) return true;
  if (text === "") return false;
  const value = Number(text);
  return (least === null || value >= least) && (most === null || value <= most);
}

function test() {
  const text = field("q").toLowerCase();
  const layout = field("layout");
  const facing = field("orientation");
  const area = [number(field("area_min")), number(field("area_max"))];
  const total = [number(field("total_min")), number(field("total_max"))].map((wan) => (wan === null ? null : wan * 10000));
  return (cell, { dataset } = cell) =>
    (!layout || dataset.l === layout) &&
    (!facing || dataset.o === facing) &&
    between(dataset.a, ...area) &&
    between(dataset.t, ...total) &&
    (!text || `${dataset.n} ${dataset.l} ${cell.querySelector("s")?.textContent ?? ""}`.toLowerCase().includes(text));
}

function refilter() {
  const matches = test();
  const counts = new Map();
  for (const cell of cells.values()) {
    const match = matches(cell);
    const status = cell.dataset.s;
    if (match) counts.set(status, (counts.get(status) ?? 0) + 1);
    cell.classList.toggle("ub-dim", !match || (chosenStatus.size > 0 && !chosenStatus.has(status)));
  }
  for (const key of document.querySelectorAll(".ub-key")) {
    const count = counts.get(key.dataset.status) ?? 0;
    key.querySelector("b").textContent = count;
    key.toggleAttribute("data-none", !count);
    if (chosenStatus.has(key.dataset.status)) key.setAttribute("aria-current", "true");
    else key.removeAttribute("aria-current");
  }
  const used = ["layout", "orientation", "area_min", "area_max", "total_min", "total_max"].filter(field).length;
  const badge = document.getElementById("filter-count");
  badge.hidden = !used;
  badge.textContent = used;
}

function recount() {
  for (const building of units.querySelectorAll(".ub-b")) {
    building.querySelector("[data-count]").textContent = building.querySelectorAll(".ub-c").length;
    building.querySelector("[data-available]").textContent = building.querySelectorAll('.ub-c[data-s="available"]').length;
  }
}

function filtered() {
  refilter();
  remember((query) => {
    for (const { name, value } of filters.elements) {
      if (!name || name === "status" || name === "select" || name === "building" || name === "at") continue;
      if (value.trim() && !(name === "line" || name === "view")) query.set(name, value.trim());
      else if (name !== "line" && name !== "view") query.delete(name);
    }
    query.delete("status");
    for (const status of chosenStatus) query.append("status", status);
  });
}

filters.addEventListener("input", (event) => {
  if (!event.target.matches("[data-go]")) filtered();
});

filters.addEventListener("change", (event) => {
  if (!event.target.matches("[data-go]")) return;
  const next = address();
  next.searchParams.delete("line");
  if (event.target.name === "line") next.searchParams.set("line", event.target.value);
  if (event.target.name === "view") {
    if (event.target.value) next.searchParams.set("view", event.target.value);
    else next.searchParams.delete("view");
  }
  location.assign(next);
});

filters.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter && "moment" in event.submitter.dataset) {
    const next = address();
    for (const name of ["at", "select"]) next.searchParams.delete(name);
    if (field("at")) next.searchParams.set("at", field("at"));
    location.assign(next);
    return;
  }
  filtered();
  filters.querySelector(".ub-filters").open = false;
  const first = [...cells.values()].find((cell) => !cell.classList.contains("ub-dim"));
  if (document.activeElement?.name !== "q" || !field("q") || !first) return;
  const exact = [...cells.values()].find((cell) => [cell.dataset.n, cell.querySelector("b").textContent].includes(field("q")));
  go(exact ?? first);
  if (!selecting) openPanel(exact ?? first);
});

document.querySelector(".ub-legend").addEventListener("click", (event) => {
  const key = event.target.closest(".ub-key");
  if (!key || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const { status } = key.dataset;
  if (chosenStatus.has(status)) chosenStatus.delete(status);
  else chosenStatus.add(status);
  filtered();
});

// --- Side panel -------------------------------------------------------------------------------------

function loadPanel(id) {
  const at = address().searchParams.get("at");
  const query = past && at ? `?at=${encodeURIComponent(at)}` : "";
  window.htmx.ajax("GET", board.dataset.panel.replace("/0/", `/${id}/`) + query, { target: "#unit-panel", swap: "innerHTML" });
}

function openPanel(cell) {
  const id = idOf(cell);
  mark(cell);
  panel.hidden = false;
  board.classList.add("ub-open");
  remember((query) => query.set("unit", id));
  loadPanel(id);
}

function mark(cell) {
  for (const other of units.querySelectorAll(".ub-c[aria-current]")) other.removeAttribute("aria-current");
  cell?.setAttribute("aria-current", "true");
}

function closePanel() {
  if (panel.hidden) return;
  const cell = units.querySelector(".ub-c[aria-current]");
  const held = panel.contains(document.activeElement);
  panel.hidden = true;
  panel.replaceChildren();
  board.classList.remove("ub-open");
  mark(null);
  remember((query) => query.delete("unit"));
  if (held) cell?.focus();
}

panel.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close-panel]")) return;
  event.preventDefault();
  closePanel();
});

// What was done in the panel shows on the board at once, not only at the next round.
document.addEventListener("htmx:after:swap", () => {
  if (panel.querySelector(".up")) ask();
});

function refreshPanel(cell) {
  const open = panel.querySelector(".up");
  if (panel.hidden || !open || open.dataset.unit !== idOf(cell)) return;
  const same = open.dataset.status === cell.dataset.s && Number(open.dataset.total) === Number(cell.dataset.t) && open.dataset.holder === (cell.querySelector("s")?.textContent ?? open.dataset.holder);
  if (same || "writing" in open.dataset) return;
  loadPanel(idOf(cell));
}

// --- Keyboard and mouse on the cells ----------------------------------------------------------------

function go(cell) {
  const from = units.querySelector('.ub-c[tabindex="0"]');
  if (from) from.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// One stop of the tabulator for the whole board; the arrows walk inside it.
if (!selecting && cells.size) {
  for (const cell of cells.values()) cell.tabIndex = -1;
  (units.querySelector(".ub-c[aria-current]") ?? cells.values().next().value).tabIndex = 0;
}

units.querySelector(".ub-c[aria-current]")?.scrollIntoView({ block: "nearest" });

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function neighbour(cell, [dx, dy]) {
  const here = cell.getBoundingClientRect();
  const x = here.left + here.width / 2;
  const y = here.top + Math.min(here.height, 40) / 2;
  const near = (pool) => {
    let best = null;
    let least = Infinity;
    for (const other of pool) {
      if (other === cell) continue;
      const box = other.getBoundingClientRect();
      const along = dx ? (box.left + box.width / 2 - x) * dx : (box.top + Math.min(box.height, 40) / 2 - y) * dy;
      const aside = dx
        ? Math.max(0, box.top - here.bottom + 1, here.top - box.bottom + 1)
        : Math.max(0, box.left - here.right + 1, here.left - box.right + 1);
      const cost = along + aside * 8;
      if (along > 4 && cost < least) [best, least] = [other, cost];
    }
    return best;
  };
  const building = cell.closest(".ub-b");
  return near(building.querySelectorAll(".ub-c")) ?? near(units.querySelectorAll(".ub-c"));
}

units.addEventListener("keydown", (event) => {
  const cell = cellOf(event.target);
  const step = STEPS[event.key];
  if (!cell || !step || selecting || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const next = neighbour(cell, step);
  if (!next) return;
  go(next);
  if (!panel.hidden && !phone.matches) follow(next);
});

// With the panel open it follows the walk, after a pause.
let following;
function follow(cell) {
  clearTimeout(following);
  following = setTimeout(() => openPanel(cell), 180);
}

units.addEventListener("click", (event) => {
  const cell = cellOf(event.target);
  if (!cell || selecting || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(cell);
  const open = panel.querySelector(".up");
  // The second Enter acts: it goes to the first verb of the open panel.
  if (event.detail === 0 && !panel.hidden && open?.dataset.unit === idOf(cell)) {
    panel.querySelector(".up-verbs .btn")?.focus();
    return;
  }
  openPanel(cell);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (board.classList.contains("ub-screen") || board.classList.contains("ub-print")) {
    const next = address();
    next.searchParams.delete("view");
    location.assign(next);
    return;
  }
  const menu = filters.querySelector("details[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  else if (document.activeElement?.name === "q" && field("q")) {
    document.activeElement.value = "";
    filtered();
  } else closePanel();
});

// --- Selection: boxes without script, a range with Shift, an area by dragging -------------------------

const batch = document.getElementById("batch");
const boxes = () => [...units.querySelectorAll(".ub-c input")];

function chosen() {
  return boxes().filter((box) => box.checked);
}

function tellChosen() {
  if (batch) batch.querySelector("[data-chosen]").textContent = chosen().length;
}

if (selecting) {
  let last = null;
  let drag = null;
  units.addEventListener("click", (event) => {
    if (!event.target.matches?.(".ub-c input")) return;
    if (drag?.moved) {
      event.preventDefault();
      return;
    }
    if (event.shiftKey && last) {
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
      for (const box of all.slice(from, to + 1)) box.checked = last.checked;
    }
    last = event.target;
    tellChosen();
  });
  units.addEventListener("pointerdown", (event) => {
    const box = cellOf(event.target)?.querySelector("input");
    drag = box && event.pointerType !== "touch" && !event.button ? { x: event.clientX, y: event.clientY, checked: !box.checked, moved: false, building: box.closest(".ub-b") } : null;
  });
  units.addEventListener("pointermove", (event) => {
    if (!drag || !(event.buttons & 1)) return;
    if (Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) < 12) return;
    drag.moved = true;
    const [left, right] = [drag.x, event.clientX].sort((a, b) => a - b);
    const [top, bottom] = [drag.y, event.clientY].sort((a, b) => a - b);
    for (const cell of drag.building.querySelectorAll(".ub-c")) {
      const at = cell.getBoundingClientRect();
      if (at.left < right && at.right > left && at.top < bottom && at.bottom > top) cell.querySelector("input").checked = drag.checked;
    }
    tellChosen();
  });
  tellChosen();

  document.getElementById("selection").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (!button || button.getAttribute("aria-busy")) return;
    const form = new FormData(event.target);
    form.delete("unit");
    form.set("units", chosen().map((box) => box.value).join(","));
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button.dataset.batch, { method: "POST", body: form, headers: { "HX-Request": "true" } });
      if (!answer.ok && answer.status !== 409) throw new Error(answer.status);
      document.getElementById("board-said").innerHTML = await answer.text();
      const why = batch.querySelector(".ub-why");
      if (!answer.ok && "needsReason" in button.dataset) why.open = true;
      if (answer.ok) {
        chosen().forEach((box) => { box.checked = false; });
        for (const one of why.querySelectorAll("input, select")) one.value = "";
        why.open = false;
        tellChosen();
        ask();
      }
    } catch {
      toast(document.getElementById("lp-toasts").dataset.broken, "danger");
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}

// --- Live -------------------------------------------------------------------------------------------

const EVERY = 700;
let version = Number(board.dataset.version);
let wait = EVERY;
let timer;
let asking = false;
let again = false;

function lay(id, html) {
  if (drawn.get(id) === html) return;
  drawn.set(id, html);
  const cell = cells.get(id);
  if (!cell) {
    location.reload(); // A new unit: its place is the server's to know.
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const next = holder.content.firstElementChild;
  if (!selecting) next.tabIndex = cell.tabIndex;
  if (cell.hasAttribute("aria-current")) next.setAttribute("aria-current", "true");
  const box = cell.querySelector("input");
  if (box) next.querySelector("input").checked = box.checked;
  const focused = cell.contains(document.activeElement);
  if (!selecting) next.href = `?${new URLSearchParams([...address().searchParams].filter(([key]) => key !== "unit").concat([["unit", id]]))}`;
  const same = next.dataset.s === cell.dataset.s && next.textContent === cell.textContent;
  if (!same) next.classList.add("ub-new");
  cell.replaceWith(next);
  cells.set(id, next);
  if (focused) (selecting ? next.querySelector("input") : next).focus({ preventScroll: true });
  refreshPanel(next);
}

async function ask() {
  clearTimeout(timer);
  if (past) return;
  if (asking) {
    again = true;
    return;
  }
  if (document.hidden) return;
  asking = true;
  const query = address().searchParams;
  query.set("project", board.dataset.project);
  query.set("since", version);
  query.delete("unit");
  if (board.dataset.edges) query.set("edges", board.dataset.edges);
  try {
    const answer = await fetch(`${board.dataset.changes}?${query}`, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.redirected || answer.status === 401 || answer.status === 404) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(answer.status);
    if (answer.status !== 204) take(await answer.json());
    if (wait > EVERY && told.textContent) {
      told.textContent = board.dataset.online;
      told.classList.remove("ub-lost");
    }
    wait = EVERY;
  } catch {
    wait = Math.min(wait * 2, 15000);
    told.textContent = board.dataset.offline;
    told.classList.add("ub-lost");
  } finally {
    asking = false;
    timer = setTimeout(ask, again ? 0 : wait);
    again = false;
  }
}

function take({ version: seen, cells: changed, removed }) {
  version = seen;
  for (const id of removed) {
    cells.get(String(id))?.closest("td")?.replaceChildren();
    cells.delete(String(id));
  }
  for (const [id, html] of Object.entries(changed)) lay(id, html);
  refilter();
  recount();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) ask();
});
window.addEventListener("online", () => { wait = EVERY; ask(); });
document.addEventListener("lp:expired", () => setTimeout(ask, 500));
if (chosenStatus.size || field("q")) refilter();
timer = setTimeout(ask, EVERY);

// --- Wall and paper: a building as large as its room ---------------------------------------------------

// Zoomed to the height; width that is left over goes into the cells.
function fit(grid, wide, high, most) {
  grid.style.zoom = "1";
  grid.style.removeProperty("--ub-w");
  const width = parseFloat(getComputedStyle(grid.querySelector(".ub-c") ?? grid).width);
  const scale = Math.min(high / grid.scrollHeight, wide / grid.scrollWidth, most);
  const spare = wide / (grid.scrollWidth * scale);
  if (spare > 1.05) grid.style.setProperty("--ub-w", `${width * Math.min(1 + (spare - 1) * 0.95, 1.6)}px`);
  grid.style.zoom = String(Math.max(0.35, Math.min(high / grid.scrollHeight, wide / grid.scrollWidth, most)));
}

if (board.classList.contains("ub-screen")) {
  const buildings = [...units.querySelectorAll(".ub-b")];
  let turn = 0;
  const show = () => {
    buildings.forEach((building, place) => { building.hidden = place !== turn % buildings.length; });
    const shown = buildings[turn % buildings.length];
    if (shown) fit(shown, units.clientWidth - 8, window.innerHeight - units.getBoundingClientRect().top - 20, 3);
    turn += 1;
  };
  show();
  if (buildings.length > 1) setInterval(show, 12000);
  window.addEventListener("resize", () => { turn -= 1; show(); });
}

if (board.classList.contains("ub-print")) {
  for (const building of units.querySelectorAll(".ub-b")) {
    for (const grid of building.querySelectorAll(".ub-x")) {
      const room = building.getBoundingClientRect().bottom - grid.getBoundingClientRect().top - 24;
      fit(grid, building.clientWidth - 48, room, 1.6);
    }
  }
  document.querySelector(".ub-paper")?.addEventListener("click", () => window.print());
}
