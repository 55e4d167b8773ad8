// The lines of a payment plan: one more, up, down, away. Without this script the fields ORDER and
// DELETE of each line do the same.
const lines = document.getElementById("plan-lines");
const more = document.getElementById("plan-line-more");
const empty = document.getElementById("plan-line-empty");
const total = document.querySelector("[name=line-TOTAL_FORMS]");

const field = (line, name) => line.querySelector(`[name^=line-][name$=-${name}]`);
const standing = () => [...lines.children].filter((line) => !line.hidden);

function tidy(line) {
  line.querySelector(".plan-line-verbs").hidden = false;
  for (const name of ["ORDER", "DELETE"]) field(line, name).closest(".lp-field, .form-check, div").hidden = true;
}

function renumber() {
  standing().forEach((line, index) => {
    field(line, "ORDER").value = index + 1;
    const title = line.querySelector("h2");
    title.dataset.word ||= title.textContent;
    title.textContent = `${title.dataset.word} ${index + 1}`;
  });
}

function changed() {
  renumber();
  lines.dispatchEvent(new Event("change", { bubbles: true }));
}

if (more) {
  [...lines.children].forEach(tidy);
  renumber();
  more.hidden = false;
  more.addEventListener("click", () => {
    const made = empty.content.firstElementChild.cloneNode(true);
    made.innerHTML = made.innerHTML.replaceAll("__prefix__", total.value);
    total.value = Number(total.value) + 1;
    lines.append(made);
    tidy(made);
    renumber();
    field(made, "money_type").focus();
  });
  lines.addEventListener("click", (event) => {
    const button = event.target.closest("[data-line]");
    if (!button) return;
    const line = button.closest(".plan-line");
    const row = standing();
    const place = row.indexOf(line);
    if (button.dataset.line === "remove") {
      field(line, "DELETE").checked = true;
      line.hidden = true;
    } else if (button.dataset.line === "up" && place > 0) row[place - 1].before(line);
    else if (button.dataset.line === "down" && place < row.length - 1) row[place + 1].after(line);
    if (!line.hidden) button.focus();
    changed();
  });
}
