// A new caption is there, and this panel is the one that is open: ask for its score.

import { EVENTS, listen } from "../shell/events.js";

export function start({ element, trigger }) {
  listen(element, EVENTS.answer, () => {
    if (element.offsetParent) trigger("wanted", {});
  });
}
