// Theme and width of the navigation: changed at once here, kept in the cookie the server draws from.
const YEAR = 365 * 24 * 3600;

function keep(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Max-Age=${YEAR}; Path=/; SameSite=Lax${secure}`;
}

document.addEventListener("submit", (event) => {
  const choice = event.target.dataset.preference;
  const button = event.submitter;
  if (!choice || !button) return;
  const root = document.documentElement;
  if (choice === "theme") {
    event.preventDefault();
    root.dataset.bsTheme = button.value;
    keep("theme", button.value);
    event.target.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    document.dispatchEvent(new CustomEvent("lp:theme", { detail: button.value }));
  }
  if (choice === "nav") {
    event.preventDefault();
    root.dataset.nav = button.value;
    keep("nav", button.value);
    button.value = button.value === "narrow" ? "wide" : "narrow";
  }
});
