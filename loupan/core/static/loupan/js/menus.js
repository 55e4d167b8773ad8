// Menus are <details>: here they learn to close, and to be walked with the arrow keys.
const MENUS = "details.lp-menu, details.lp-more";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(MENUS)) {
    const inside = menu.contains(event.target);
    if (menu.open && (!inside || event.target.closest("[data-open], [data-load]"))) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(MENUS);
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  event.preventDefault();
  menu.open = true;
  const items = [...menu.querySelectorAll(".lp-menu-item, .lp-more-sheet a")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = items.indexOf(document.activeElement) + step;
  items.at(next < 0 ? -1 : next % items.length)?.focus();
});
