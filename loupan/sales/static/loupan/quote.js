// The device's own way of sending a text (WeChat and the like on a phone), where it has one.
for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset.share).value;
    navigator.share({ text }).catch(() => {}); // Closing the sheet without sending is no fault.
  });
}
