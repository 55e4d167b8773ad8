// A plan: its spots follow what other desks do. Text and classes only, the server says which.
const plan = document.getElementById("plan");
const EVERY = 2000;
let version = plan.dataset.version;
let wait = EVERY;

function take({ version: seen, spots }) {
  version = seen;
  for (const [unit, look] of Object.entries(spots)) {
    for (const place of document.querySelectorAll(`[data-u="${unit}"]`)) {
      for (const name of [...place.classList]) if (name.startsWith("lp-tone-") || name.startsWith("lp-pattern-")) place.classList.remove(name);
      place.classList.add(`lp-tone-${look.tone}`);
      if (place.matches(".sp-u")) {
        place.classList.toggle("sp-warned", look.warned);
        place.querySelector("tspan").textContent = look.mark;
        const said = `${place.dataset.n} ${look.label}${look.holder ? ` · ${look.holder}` : ""}`;
        place.setAttribute("aria-label", said);
        place.querySelector("title").textContent = said;
      } else {
        const mark = place.querySelector("i");
        mark.dataset.m = look.mark;
        mark.textContent = look.label;
      }
    }
  }
}

async function ask() {
  if (!document.hidden) {
    try {
      const answer = await fetch(`${plan.dataset.changes}?since=${version}`, { cache: "no-store" });
      if (answer.redirected || answer.status === 404) {
        location.reload();
        return;
      }
      if (answer.status === 200) take(await answer.json());
      wait = EVERY;
    } catch {
      wait = Math.min(wait * 2, 30000);
    }
  }
  setTimeout(ask, wait);
}

setTimeout(ask, EVERY);
