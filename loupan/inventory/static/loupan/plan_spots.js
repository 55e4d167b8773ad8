// Placing units on a drawing: a click places the next one, dragging moves, arrows nudge. Saved all at once.
const SVG = "http://www.w3.org/2000/svg";
const svg = document.querySelector("#plan svg");
const form = document.getElementById("spots-form");
const next = document.getElementById("spot-unit");
const wide = document.getElementById("spot-width");
const high = document.getElementById("spot-height");
const remove = document.getElementById("spot-remove");
const width = Number(svg.dataset.width);
const height = Number(svg.dataset.height);
const spots = new Map(); // unit → {x, y, w, h, group}
let chosen = null;
let drag = null;

const clamp = (share) => Math.min(1, Math.max(0, share));

function draw(unit) {
  const { x, y, w, h, group } = spots.get(unit);
  const [rect, text] = group.children;
  rect.setAttribute("x", (x - w / 2) * width);
  rect.setAttribute("y", (y - h / 2) * height);
  rect.setAttribute("width", w * width);
  rect.setAttribute("height", h * height);
  text.setAttribute("x", x * width);
  text.setAttribute("y", y * height);
  text.setAttribute("font-size", Math.max(9, Math.min((w * width) / 4, (h * height) / 2)));
}

function add(unit, name, place, group = svg.appendChild(document.createElementNS(SVG, "g"))) {
  group.setAttribute("class", "sp-u lp-tone-blue");
  group.setAttribute("tabindex", "0");
  group.dataset.u = unit;
  group.dataset.n = name;
  group.append(document.createElementNS(SVG, "rect"), document.createElementNS(SVG, "text"));
  group.children[0].setAttribute("rx", "3");
  group.children[1].textContent = name;
  spots.set(unit, { ...place, group });
  draw(unit);
}

function choose(unit) {
  if (chosen) spots.get(chosen)?.group.classList.remove("sp-chosen");
  chosen = unit;
  remove.disabled = !unit;
  if (!unit) return;
  const spot = spots.get(unit);
  spot.group.classList.add("sp-chosen");
  wide.value = spot.w * 100;
  high.value = spot.h * 100;
}

function told() {
  document.getElementById("spot-count").textContent = spots.size;
}

function shareOf(event) {
  const box = svg.getBoundingClientRect();
  return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
}

for (const group of svg.querySelectorAll("g[data-u]")) {
  const { u, n, x, y, w, h } = group.dataset;
  add(u, n, { x: Number(x), y: Number(y), w: Number(w), h: Number(h) }, group);
}
told();

svg.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  const group = event.target.closest("g[data-u]");
  const [x, y] = shareOf(event);
  if (group) {
    const spot = spots.get(group.dataset.u);
    choose(group.dataset.u);
    drag = { unit: group.dataset.u, dx: spot.x - x, dy: spot.y - y };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    return;
  }
  const option = next.selectedOptions[0];
  if (!option) {
    choose(null);
    return;
  }
  add(option.value, option.textContent, { x, y, w: wide.value / 100, h: high.value / 100 });
  choose(option.value);
  const place = option.index;
  option.remove();
  next.selectedIndex = Math.min(place, next.options.length - 1);
  told();
});

svg.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const [x, y] = shareOf(event);
  const spot = spots.get(drag.unit);
  spot.x = clamp(x + drag.dx);
  spot.y = clamp(y + drag.dy);
  draw(drag.unit);
});
svg.addEventListener("pointerup", () => { drag = null; });

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
svg.addEventListener("keydown", (event) => {
  const group = event.target.closest("g[data-u]");
  if (!group) return;
  choose(group.dataset.u);
  const step = STEPS[event.key];
  if (step) {
    const spot = spots.get(chosen);
    spot.x = clamp(spot.x + step[0] * 0.002);
    spot.y = clamp(spot.y + step[1] * 0.002);
    draw(chosen);
  } else if (event.key === "Delete" || event.key === "Backspace") takeOff();
  else return;
  event.preventDefault();
});
svg.addEventListener("focusin", (event) => {
  const group = event.target.closest("g[data-u]");
  if (group) choose(group.dataset.u);
});

function takeOff() {
  const unit = chosen;
  if (!unit) return;
  const { group } = spots.get(unit);
  next.add(new Option(group.dataset.n, unit), 0);
  next.selectedIndex = 0;
  choose(null);
  group.remove();
  spots.delete(unit);
  told();
}

remove.addEventListener("click", takeOff);
for (const input of [wide, high]) {
  input.addEventListener("input", () => {
    if (!chosen) return;
    Object.assign(spots.get(chosen), { w: wide.value / 100, h: high.value / 100 });
    draw(chosen);
  });
}

form.addEventListener("submit", () => {
  form.elements.spots.value = JSON.stringify([...spots].map(([unit, { x, y, w, h }]) => ({ unit: Number(unit), x: x.toFixed(6), y: y.toFixed(6), w: w.toFixed(6), h: h.toFixed(6) })));
});
