// Short messages in the corner. Good news leaves by itself; bad news stays until it is closed.
const STAY = { ok: 5000, info: 6000 };
const SHAPES = { ok: "#tabler-circle-check", info: "#tabler-info-circle", warn: "#tabler-alert-triangle", danger: "#tabler-alert-octagon" };

export const corner = () => document.getElementById("lp-toasts");

export function icon(shape, size = 20) {
  const sprite = document.querySelector("svg.lp-icon use")?.getAttribute("href")?.split("#")[0];
  if (!sprite) return document.createTextNode("");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "lp-icon");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", sprite + shape);
  svg.append(use);
  return svg;
}

function closable(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lp-close";
  button.setAttribute("aria-label", corner().dataset.closeLabel);
  button.append(icon("#tabler-x", 18));
  button.addEventListener("click", () => toast.remove());
  toast.append(button);
  const tone = Object.keys(STAY).find((name) => toast.classList.contains(`lp-tone-${name}`));
  if (!tone) return;
  let timer = setTimeout(() => toast.remove(), STAY[tone]);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => { timer = setTimeout(() => toast.remove(), 2500); });
}

export function toast(text, tone = "info") {
  const place = document.querySelector("dialog[open]:modal .lp-toasts") ?? corner();
  if (!place || !text) return;
  if ([...place.children].some((other) => other.querySelector("p")?.textContent === text)) return;
  const box = document.createElement("div");
  box.className = `lp-toast lp-tone-${tone}`;
  const sentence = document.createElement("p");
  sentence.textContent = text;
  box.append(icon(SHAPES[tone] ?? SHAPES.info), sentence);
  place.append(box);
  closable(box);
}

// The messages the server drew.
export function adopt() {
  corner()?.querySelectorAll(".lp-toast").forEach(closable);
}

document.addEventListener("toast", (event) => {
  const { text, value, tone } = event.detail ?? {};
  toast(text ?? value, tone);
});

document.addEventListener("click", (event) => {
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.parentElement.remove();
  const silent = event.target.closest("[data-say]");
  if (silent) toast(silent.dataset.say, "warn");
});
