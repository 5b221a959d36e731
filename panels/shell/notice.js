// The pictures beside have changed since the impression was written: shown until there is an answer to the new ones.

import { EVENTS, listen, tell } from "./events.js";

export function start({ element }) {
  const stale = element.querySelector(".cxr-stale");
  let answered = false;

  function show(old) {
    stale.hidden = !old;
    document.querySelector("#answer")?.classList.toggle("cxr-old", old);
  }
  listen(element, EVENTS.picturesChanged, () => show(answered));
  listen(element, EVENTS.answer, ({ state }) => {
    answered = state === "caption";
    show(false);
  });
  element.addEventListener("click", (event) => {
    if (event.target.closest("button")) event.target.closest("ul").remove();
  });
}

// For a listener of Gradio's: the pictures beside are others now.
export function picturesChanged() {
  tell(EVENTS.picturesChanged);
}
