// What is typed into a form with data-draft survives a reload, until it is sent or dropped.
const KEY = (form) => `draft:${location.pathname}:${form.dataset.draft}`;
const KEEP_OUT = /^(csrfmiddlewaretoken|request_key|version|password.*)$/;
const fields = (form) => [...form.elements].filter((field) => field.name && !KEEP_OUT.test(field.name) && !["hidden", "file", "password", "submit", "button"].includes(field.type));
const checkable = (field) => field.type === "checkbox" || field.type === "radio";
const changed = (field) => (checkable(field) ? field.checked !== field.defaultChecked : field.tagName === "SELECT" ? [...field.options].some((option) => option.selected !== option.defaultSelected) : field.value !== field.defaultValue);

function save(form) {
  const typed = fields(form).filter(changed).map((field) => [field.name, checkable(field) ? [field.value, field.checked] : field.tagName === "SELECT" ? [...field.selectedOptions].map((option) => [option.value, option.text]) : field.value]);
  if (typed.length) sessionStorage.setItem(KEY(form), JSON.stringify(typed));
  else sessionStorage.removeItem(KEY(form));
}

function fill(field, value) {
  if (!Array.isArray(value)) {
    field.value = value;
    return;
  }
  if (checkable(field)) {
    if (field.value === value[0]) field.checked = value[1];
    return;
  }
  for (const [key, text] of value) {
    if (![...field.options].some((option) => option.value === key)) field.add(new Option(text, key));
  }
  const keys = value.map(([key]) => key);
  [...field.options].forEach((option) => { option.selected = keys.includes(option.value); });
}

function restore(form) {
  const kept = sessionStorage.getItem(KEY(form));
  // A form that came back with errors already holds what was typed.
  if (!kept || form.dataset.restored || form.querySelector(".is-invalid, [data-focus]")) return;
  form.dataset.restored = "";
  for (const [name, value] of JSON.parse(kept)) {
    for (const field of fields(form).filter((one) => one.name === name)) fill(field, value);
  }
  const notice = document.createElement("div");
  notice.className = "lp-draft";
  notice.setAttribute("role", "status");
  const sentence = document.createElement("span");
  sentence.textContent = form.dataset.draftNotice;
  const drop = document.createElement("button");
  drop.type = "button";
  drop.className = "btn btn-sm";
  drop.textContent = form.dataset.draftDrop;
  drop.addEventListener("click", () => {
    sessionStorage.removeItem(KEY(form));
    form.reset();
    notice.remove();
  });
  notice.append(sentence, drop);
  form.prepend(notice);
}

const restoreAll = () => document.querySelectorAll("form[data-draft]").forEach(restore);
document.addEventListener("input", (event) => { if (event.target.form?.dataset.draft) save(event.target.form); });
document.addEventListener("change", (event) => { if (event.target.form?.dataset.draft) save(event.target.form); });
document.addEventListener("submit", (event) => {
  if (event.target.dataset.draft && !event.defaultPrevented) sessionStorage.removeItem(KEY(event.target));
});
document.addEventListener("lp:sent", (event) => sessionStorage.removeItem(KEY(event.target)));
document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail?.ctx?.sourceElement;
  if (form?.dataset?.draft && (event.detail.ctx.response?.status ?? 500) < 400) sessionStorage.removeItem(KEY(form));
});
document.addEventListener("lp:added", restoreAll);
restoreAll();
