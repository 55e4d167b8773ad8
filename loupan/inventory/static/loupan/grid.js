// The grid of units: walking, selecting, typing, copying and pasting as in a spreadsheet. What is typed stays in
// the browser until the server has shown what it would change. No listener on a cell.
import { toast } from "./js/toasts.js";

const grid = document.getElementById("grid");
const table = grid.querySelector(".gr-table");
const form = document.getElementById("grid-form");
const key = grid.dataset.key;

if (table) start();

function start() {
  const rows = [...table.tBodies[0].rows];
  const fields = [...table.tHead.rows[0].cells].slice(1).map((head) => head.dataset.f);
  const cellAt = (row, column) => rows[row].cells[column + 1];
  const edits = new Map(); // "unit field" → text
  const past = [];
  let at = [0, 0]; // The active cell.
  let from = [0, 0]; // Where the selection began.
  let input = null;

  form.hidden = false;
  const button = form.querySelector("[type=submit]");
  const undoButton = document.getElementById("grid-undo");

  // --- Where one is ------------------------------------------------------------------------------
  const placeOf = (cell) => [rows.indexOf(cell.parentElement), cell.cellIndex - 1];
  const span = () => [Math.min(at[0], from[0]), Math.max(at[0], from[0]), Math.min(at[1], from[1]), Math.max(at[1], from[1])];
  let marked = [];

  function go(row, column, { extend = false, focus = true } = {}) {
    cellAt(...at).tabIndex = -1;
    at = [Math.max(0, Math.min(rows.length - 1, row)), Math.max(0, Math.min(fields.length - 1, column))];
    if (!extend) from = at;
    for (const cell of marked) cell.classList.remove("gr-in");
    marked = [];
    const [top, bottom, left, right] = span();
    for (let r = top; r <= bottom; r += 1) for (let c = left; c <= right; c += 1) marked.push(cellAt(r, c));
    for (const cell of marked) cell.classList.add("gr-in");
    const cell = cellAt(...at);
    cell.tabIndex = 0;
    if (focus) cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  // --- What is changed ----------------------------------------------------------------------------
  const idOf = (row, column) => `${rows[row].dataset.u} ${fields[column]}`;

  function put(row, column, text) {
    const cell = cellAt(row, column);
    cell.dataset.o ??= cell.textContent;
    cell.textContent = text;
    const changed = text.trim() !== cell.dataset.o;
    cell.classList.toggle("gr-changed", changed);
    if (changed) edits.set(idOf(row, column), text.trim());
    else edits.delete(idOf(row, column));
  }

  function change(places) {
    const before = places.map(([row, column]) => [row, column, cellAt(row, column).textContent]);
    for (const [row, column, text] of places) put(row, column, text);
    past.push(before);
    told();
  }

  function undo() {
    for (const [row, column, text] of past.pop() ?? []) put(row, column, text);
    told();
  }

  function told() {
    document.getElementById("grid-count").textContent = edits.size;
    button.disabled = !edits.size;
    undoButton.disabled = !past.length;
    if (edits.size) sessionStorage.setItem(key, JSON.stringify([...edits]));
    else sessionStorage.removeItem(key);
  }

  // What was typed and not saved is back after a reload, where its cells are still there.
  function restore() {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    const rowOf = new Map(rows.map((row, place) => [row.dataset.u, place]));
    for (const [id, text] of kept) {
      const [unit, field] = id.split(" ");
      const column = fields.indexOf(field);
      if (rowOf.has(unit) && column >= 0) put(rowOf.get(unit), column, text);
      else edits.set(id, text);
    }
    if (kept.length) told();
  }

  // --- Typing -------------------------------------------------------------------------------------
  function edit(text) {
    const cell = cellAt(...at);
    if (input) return;
    input = document.createElement("input");
    input.value = text ?? cell.textContent;
    input.setAttribute("aria-label", `${rows[at[0]].cells[0].textContent.trim()} ${table.tHead.rows[0].cells[at[1] + 1].textContent}`);
    cell.dataset.o ??= cell.textContent;
    cell.dataset.was = cell.textContent;
    cell.replaceChildren(input);
    input.focus();
    if (text === undefined) input.select();
  }

  function stop({ keep = true } = {}) {
    if (!input) return;
    const cell = input.parentElement;
    const text = input.value;
    const was = cell.dataset.was;
    input = null;
    cell.textContent = was;
    const [row, column] = placeOf(cell);
    if (keep && text !== was) change([[row, column, text]]);
  }

  table.addEventListener("focusout", (event) => {
    if (event.target === input) stop();
  });

  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [-15, 0], PageDown: [15, 0] };

  table.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    if (input) {
      if (event.isComposing) return;
      const step = { Enter: [event.shiftKey ? -1 : 1, 0], Tab: [0, event.shiftKey ? -1 : 1] }[event.key];
      if (step || event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        stop({ keep: event.key !== "Escape" });
        go(at[0] + (step?.[0] ?? 0), at[1] + (step?.[1] ?? 0));
      }
      return;
    }
    if (!event.target.matches("td")) return;
    const step = STEPS[event.key];
    if (step) go(at[0] + step[0] * (command ? 9999 : 1), at[1] + step[1] * (command ? 9999 : 1), { extend: event.shiftKey });
    else if (event.key === "Home") go(command ? 0 : at[0], 0, { extend: event.shiftKey });
    else if (event.key === "End") go(command ? 9999 : at[0], 9999, { extend: event.shiftKey });
    else if (event.key === "Enter" || event.key === "F2") edit();
    else if (event.key === "Delete" || event.key === "Backspace") fill("");
    else if (command && event.key.toLowerCase() === "z") undo();
    else if (command && event.key.toLowerCase() === "d") fillDown();
    else if (command && event.key.toLowerCase() === "a") { from = [0, 0]; go(9999, 9999, { extend: true }); }
    else if (event.key === "Process" || event.isComposing) edit(""); // An input method begins to write.
    else if (!command && !event.altKey && event.key.length === 1) edit(event.key === " " ? undefined : "");
    else return;
    // A letter goes into the field that has just opened; everything else is done.
    const writes = event.key.length === 1 ? event.key !== " " && !command : event.key === "Process" || event.isComposing;
    if (!(input && writes)) event.preventDefault();
  });

  // --- Mouse and finger ---------------------------------------------------------------------------
  let dragging = false;
  table.addEventListener("pointerdown", (event) => {
    const head = event.target.closest("thead th[data-f]");
    if (head) {
      event.preventDefault();
      const column = head.cellIndex - 1;
      from = [0, column];
      at = [0, column];
      go(rows.length - 1, column, { extend: true });
      return;
    }
    const cell = event.target.closest("td");
    if (!cell || (input && cell.contains(input)) || event.button) return;
    const [row, column] = placeOf(cell);
    const again = event.pointerType === "touch" && row === at[0] && column === at[1] && document.activeElement === cell;
    if (event.pointerType !== "touch") event.preventDefault();
    stop();
    go(row, column, { extend: event.shiftKey });
    dragging = event.pointerType !== "touch";
    if (again) edit();
  });
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("td");
    if (dragging && cell && event.buttons & 1) go(...placeOf(cell), { extend: true });
  });
  document.addEventListener("pointerup", () => { dragging = false; });
  table.addEventListener("dblclick", (event) => {
    if (event.target.closest("td")) edit();
  });

  // --- Blocks -------------------------------------------------------------------------------------
  function fill(text) {
    const [top, bottom, left, right] = span();
    const places = [];
    for (let r = top; r <= bottom; r += 1) for (let c = left; c <= right; c += 1) places.push([r, c, text]);
    change(places);
  }

  function fillDown() {
    const [top, bottom, left, right] = span();
    const places = [];
    for (let r = top + 1; r <= bottom; r += 1) for (let c = left; c <= right; c += 1) places.push([r, c, cellAt(top, c).textContent]);
    change(places);
  }

  document.addEventListener("copy", (event) => {
    if (input || !table.contains(document.activeElement)) return;
    const [top, bottom, left, right] = span();
    const lines = [];
    for (let r = top; r <= bottom; r += 1) {
      const line = [];
      for (let c = left; c <= right; c += 1) line.push(cellAt(r, c).textContent);
      lines.push(line.join("\t"));
    }
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
  });

  document.addEventListener("paste", (event) => {
    if (input || !table.contains(document.activeElement)) return;
    event.preventDefault();
    paste(block(event.clipboardData.getData("text/plain")));
  });

  // Cells in quotes may hold tabs and line breaks.
  function block(text) {
    const found = [[]];
    let cell = "";
    let quoted = false;
    const plain = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    for (let place = 0; place < plain.length; place += 1) {
      const sign = plain[place];
      if (quoted) {
        if (sign !== '"') cell += sign;
        else if (plain[place + 1] === '"') { cell += '"'; place += 1; }
        else quoted = false;
      } else if (sign === '"' && cell === "") quoted = true;
      else if (sign === "\t") { found.at(-1).push(cell); cell = ""; }
      else if (sign === "\n") { found.at(-1).push(cell); cell = ""; found.push([]); }
      else cell += sign;
    }
    found.at(-1).push(cell);
    return found;
  }

  function paste(lines) {
    const repeats = document.getElementById("grid-repeat").checked;
    const [top, bottom, left, right] = span();
    const single = lines.length === 1 && lines[0].length === 1;
    if (single) {
      fill(lines[0][0].trim());
      return;
    }
    // A selection larger than the block takes it again and again.
    const height = Math.max(lines.length, bottom - top + 1 > lines.length && (bottom - top + 1) % lines.length === 0 ? bottom - top + 1 : 0);
    const width = Math.max(...lines.map((line) => line.length));
    const wide = right - left + 1 > width && (right - left + 1) % width === 0 ? right - left + 1 : width;
    const places = [];
    const above = new Map();
    for (let r = 0; r < height && top + r < rows.length; r += 1) {
      for (let c = 0; c < wide && left + c < fields.length; c += 1) {
        let text = (lines[r % lines.length][c % width] ?? "").replace(/\s+/g, " ").trim();
        if (!text && repeats) text = above.get(c) ?? "";
        if (!text) continue;
        above.set(c, text);
        places.push([top + r, left + c, text]);
      }
    }
    if (lines.length > rows.length - top || width > fields.length - left) toast(grid.dataset.cut, "warn");
    change(places);
    from = [top, left];
    at = from;
    go(top + Math.min(height, rows.length - top) - 1, left + Math.min(wide, fields.length - left) - 1, { extend: true });
  }

  // The units of the selected rows, for what is done to whole units elsewhere.
  for (const link of grid.querySelectorAll("[data-with-units]")) {
    link.addEventListener("click", () => {
      const [top, bottom] = span();
      const chosen = rows.slice(top, bottom + 1).map((row) => row.dataset.u);
      const next = new URL(link.href);
      next.searchParams.set("units", chosen.join(","));
      link.href = next;
    });
  }

  document.getElementById("grid-fill").addEventListener("click", () => fill(document.getElementById("grid-value").value.trim()));
  undoButton.addEventListener("click", undo);

  // --- Trying and saving --------------------------------------------------------------------------
  const dialog = document.getElementById("grid-dialog");
  const versions = new Map(rows.map((row) => [row.dataset.u, Number(row.dataset.v)]));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy")) return;
    const byUnit = new Map();
    for (const [id, text] of edits) {
      const [unit, field] = id.split(" ");
      if (!versions.has(unit)) continue;
      if (!byUnit.has(unit)) byUnit.set(unit, { unit: Number(unit), version: versions.get(unit), texts: {} });
      byUnit.get(unit).texts[field] = text;
    }
    form.elements.edits.value = JSON.stringify([...byUnit.values()]);
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
      if (answer.status >= 500 || answer.status === 403 || answer.status === 400) throw new Error(answer.status);
      document.getElementById("grid-check").innerHTML = await answer.text();
      dialog.showModal();
    } catch {
      toast(document.getElementById("lp-toasts").dataset.broken, "danger");
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  dialog.addEventListener("click", (event) => {
    if (event.target.closest("[data-grid-back]")) {
      event.preventDefault();
      dialog.close();
    }
  });
  // What cannot be taken stays in the grid; what is saved is no longer pending.
  dialog.addEventListener("submit", (event) => {
    const saved = JSON.parse(event.target.elements.edits?.value ?? "[]");
    for (const { unit, texts } of saved) for (const field of Object.keys(texts)) edits.delete(`${unit} ${field}`);
    if (edits.size) sessionStorage.setItem(key, JSON.stringify([...edits]));
    else sessionStorage.removeItem(key);
    edits.clear();
  });
  window.addEventListener("beforeunload", (event) => {
    if (edits.size) event.preventDefault();
  });

  restore();
  for (const row of rows) for (const cell of [...row.cells].slice(1)) cell.tabIndex = -1;
  go(0, 0, { focus: false });
}
