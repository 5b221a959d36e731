// The words of the impression as a list to choose from, by pointer and keys.

import { make } from "../shell/elements.js";
import { percent, spoken } from "../shell/wording.js";

const TYPED_IN = "input:not([type=checkbox], [type=radio], [type=range]), select, textarea, [contenteditable]";
const OWN_ARROWS = "input, select, textarea, [role=tab], [role=listbox], [role=slider], [contenteditable]";

export function addWordList(viewer) {
  const { element, root, find, lens } = viewer;

  viewer.wordButton = (word, index) => {
    const button = make("button", word.text === "." ? "cxr-word cxr-stop" : "cxr-word", word.text);
    button.type = "button";
    button.lang = "en"; // in every language of the page, so that it is read out as what it is
    button.setAttribute("role", "option");
    const probability = Math.exp(word.log_prob);
    button.style.setProperty("--certainty", probability.toFixed(3));
    button.setAttribute("aria-label", `${spoken(word.text)}, ${percent(probability)}`);
    button.title = percent(probability);
    button.addEventListener("click", () => {
      viewer.play(false);
      viewer.choose(index, { focus: true });
    });
    button.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "mouse" || viewer.playing()) return;
      viewer.hovered = index;
      viewer.show();
    });
    button.addEventListener("pointerleave", () => {
      if (viewer.hovered === null) return;
      viewer.hovered = null;
      viewer.show();
    });
    return button;
  };

  // Where the buttons stand; a panel may lay them out its own way.
  viewer.layWords = () => find(".cxr-words").replaceChildren(...viewer.buttons);

  function target(event) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key in steps) return viewer.chosen + steps[event.key];
    if (event.key === "Home") return 0;
    if (event.key === "End") return viewer.answer.words.length - 1;
    return null;
  }

  find(".cxr-words").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = target(event);
    if (next !== null) {
      viewer.play(false);
      viewer.choose(next, { focus: true });
    } else if (event.key === " ") viewer.play(!viewer.playing());
    else if (event.key === "+" || event.key === "=") lens.zoomAt(1.6);
    else if (event.key === "-") lens.zoomAt(1 / 1.6);
    else if (event.key === "0") lens.reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Left, right and O also work wherever they mean nothing else, so that they do right after an example was clicked.
  function anywhere(event) {
    if (!element.isConnected) return document.removeEventListener("keydown", anywhere);
    if (!root.offsetParent) return; // behind another tab
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || viewer.answer.state !== "caption") return;
    if (event.key.toLowerCase() === "o" && !find(".cxr-planted").hidden) {
      if (event.target.closest(TYPED_IN)) return;
      return viewer.toggleOutline();
    }
    if (event.target.closest(OWN_ARROWS)) return;
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    viewer.play(false);
    viewer.choose(target(event));
  }
  document.addEventListener("keydown", anywhere);
}
