// What is odd about the pictures, with a button for what would mend it; what was mended can be taken back.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";

function press(said, asked, viewer) {
  const button = make("button", "cxr-mend", said);
  button.type = "button";
  button.addEventListener("click", () => {
    button.disabled = true;
    viewer.trigger("mend", { id: viewer.answer.id, ...asked });
  });
  return button;
}

// The notices of an answer as paragraphs, and its buttons.
export function noticesOf(value, viewer) {
  const buttons = [
    ...(value.mendings || []).map(({ name, offer }) => press(offer, { name }, viewer)),
    ...((value.mended || []).length ? [press(text("Undo the last change"), { undo: true }, viewer)] : []),
  ];
  const row = make("div", "cxr-mendings");
  row.append(...buttons);
  return [...value.notices.map((notice) => make("p", "", notice)), ...(buttons.length ? [row] : [])];
}
