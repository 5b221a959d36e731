// What was found out about the words (the panel "Trust"), as a small mark on each.

import { EVENTS, listen } from "../shell/events.js";
import { percent, spoken } from "../shell/wording.js";

// Returns a function that marks the words by the method on show; its `forget` drops what was found out.
export function addEvidenceMarks(viewer, shown) {
  let evidence = {}; // method -> place -> { kind, short }

  function mark() {
    const marks = evidence[shown.name] || {};
    viewer.buttons.forEach((button, index) => {
      const found = marks[index], word = viewer.answer.words[index], probability = percent(Math.exp(word.log_prob));
      if (found) button.dataset.evidence = found.kind;
      else delete button.dataset.evidence;
      button.title = found ? `${probability}, ${found.short}` : probability;
      button.setAttribute("aria-label", `${spoken(word.text)}, ${button.title}`);
    });
  }
  mark.forget = () => { evidence = {}; };

  listen(viewer.element, EVENTS.evidence, ({ id, method, marks }) => {
    if (id !== viewer.answer.id) return;
    evidence[method] = marks;
    mark();
  });
  return mark;
}
