// The behaviour of every page. Each module listens on the document, so that content swapped in later works too.
import "./menus.js";
import "./dialogs.js";
import "./forms.js";
import "./clocks.js";
import "./palette.js";
import "./shortcuts.js";
import "./display.js";
import "./drafts.js";
import "./pickers.js";
import "./requests.js";
import "./lists.js";
import { adopt } from "./toasts.js";

adopt();

if ("serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register("/sw.js").catch(() => {});
}
