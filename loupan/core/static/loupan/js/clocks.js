// Count-downs, and "3 min. ago" for the last thirty days.
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 31]];

function left(seconds) {
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const days = Math.floor(hours / 24);
  const minutes = Math.floor(seconds / 60) % 60;
  const clock = `${pad(minutes)}:${pad(seconds % 60)}`;
  if (days) return `${days}d ${pad(hours % 24)}:${pad(minutes)}`;
  return hours ? `${hours}:${clock}` : clock;
}

export function ago(instant) {
  let amount = (new Date(instant) - Date.now()) / 1000;
  if (Math.abs(amount) > 30 * 86400) return "";
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return words.format(Math.trunc(amount), unit);
    amount /= size;
  }
  return "";
}

function tick() {
  for (const clock of document.querySelectorAll("[data-until]:not([data-over])")) {
    const seconds = Math.max(0, Math.round((new Date(clock.dataset.until) - Date.now()) / 1000));
    if (Number.isNaN(seconds)) continue;
    const text = clock.querySelector("[data-left]") ?? clock;
    text.textContent = seconds ? left(seconds) : clock.dataset.overLabel ?? left(0);
    clock.toggleAttribute("data-soon", seconds > 0 && seconds <= Number(clock.dataset.warn ?? 60));
    if (!seconds) {
      clock.dataset.over = "";
      clock.dispatchEvent(new CustomEvent("lp:expired", { bubbles: true }));
    }
  }
}

function tellAges() {
  document.querySelectorAll("[data-ago]").forEach((age) => { age.textContent = ago(age.dataset.ago); });
}

tick();
tellAges();
setInterval(tick, 1000);
setInterval(tellAges, 30000);
document.addEventListener("htmx:after:swap", () => { tick(); tellAges(); });
document.addEventListener("lp:added", () => { tick(); tellAges(); });
