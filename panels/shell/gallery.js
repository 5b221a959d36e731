// The examples to choose from: pressed in the browser at once; the study itself comes with the server's answer. An address
// that names an example (panels/shell/deep_link.py) presses it when the page is there. OTHERS are names of
// cases that have no button here and may be asked for, too (panels/case_gallery).

import { EVENTS, listen } from "./events.js";

export function start({ element, trigger }, { OTHERS }) {
  const buttons = [...element.querySelectorAll("button[data-name]")];
  const named = (name) => buttons.find((button) => button.dataset.name === name);
  const press = (button) => {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
  };

  function pick(name, link) {
    const button = named(name);
    if (!button && !OTHERS.includes(name)) return;
    press(button);
    trigger("pick", link ? { name, link } : { name });
  }

  element.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-name]");
    if (button) pick(button.dataset.name);
  });
  const wanted = Object.fromEntries(new URLSearchParams(location.search));
  if (wanted.example !== undefined) pick(wanted.example, wanted);

  listen(element, EVENTS.answer, ({ state, example }) => {
    if (state === "caption") press(named(example) || null);
  });
  // Another part of the page, such as the lesson, asks for an example with settings.
  listen(element, EVENTS.show, ({ example, settings }) => pick(example, settings || {}));
}
