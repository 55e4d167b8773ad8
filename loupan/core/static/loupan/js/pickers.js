// Selects that search on the server. The library is fetched only by pages that have one.
let library;

function fetchLibrary(select) {
  library ??= new Promise((resolve, reject) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = select.dataset.style;
    document.head.prepend(style);
    const script = document.createElement("script");
    script.src = select.dataset.script;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

function row(choice, escape) {
  const note = choice.note ? `<span class="lp-result-note">${escape(choice.note)}</span>` : "";
  return `<div><span>${escape(choice.text)}</span>${note}</div>`;
}

async function enhance(select) {
  if (select.tomselect || select.dataset.picked) return;
  select.dataset.picked = "";
  await fetchLibrary(select);
  const nothing = document.getElementById("lp-palette-results")?.dataset.nothing ?? "";
  const empty = select.querySelector('option[value=""]');
  if (empty) empty.textContent = "";
  const name = document.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.textContent.trim();
  if (name) select.setAttribute("aria-label", name);
  new window.TomSelect(select, {
    valueField: "id",
    labelField: "text",
    searchField: [],
    maxOptions: 50,
    placeholder: select.dataset.placeholder,
    preload: "focus",
    loadThrottle: 150,
    shouldLoad: () => true,
    plugins: select.multiple ? ["remove_button"] : [],
    load(query, done) {
      const address = new URL(select.dataset.picker, location.href);
      address.searchParams.set("q", query);
      this.clearOptions((choice) => this.items.includes(String(choice.id)));
      fetch(address, { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)))
        .then((answer) => done(answer.results))
        .catch(() => done());
    },
    render: { option: row, item: (choice, escape) => `<div>${escape(choice.text)}</div>`, no_results: (_, escape) => `<div class="no-results">${escape(nothing)}</div>` },
  });
}

const enhanceAll = () => document.querySelectorAll("select[data-picker]").forEach(enhance);
document.addEventListener("htmx:after:swap", enhanceAll);
document.addEventListener("lp:added", enhanceAll);
enhanceAll();
