// The page opens with an example: the server says which (panels/shell/opening.py), and it is pressed here where nothing else
// has been chosen meanwhile.

import { sideTab } from "./elements.js";

export function start({ props, watch }) {
  function open() {
    const name = props.value && props.value.name, asked = new URLSearchParams(location.search);
    if (!name || ["example", "lesson", "quiz", "class"].some((one) => asked.has(one))) return;
    const begun = document.querySelector('#examples button[aria-pressed="true"]') ||
      !document.querySelector('#viewer .cxr-viewer[data-state="empty"]') ||
      sideTab("examples")?.getAttribute("aria-selected") !== "true";
    if (!begun) document.querySelector(`#examples button[data-name="${CSS.escape(name)}"]`)?.click();
  }
  watch("value", open);
  open(); // it may have been said before this module was there
}
