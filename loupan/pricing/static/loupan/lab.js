// The lab: a slider and its number are one; the tabs of the board ask for another building.
const form = document.getElementById("outlook-form");

form.addEventListener("input", ({ target }) => {
  if (target.dataset.knob) document.getElementById(target.dataset.knob).value = target.value;
  const slider = form.querySelector(`[data-knob="${target.id}"]`);
  if (slider && !Number.isNaN(Number(target.value))) slider.value = target.value;
});

document.addEventListener("click", (event) => {
  const tab = event.target.closest(".lab-tabs [data-building]");
  if (!tab) return;
  event.preventDefault();
  document.getElementById("lab-building").value = tab.dataset.building;
  form.dispatchEvent(new Event("lab:building"));
});
