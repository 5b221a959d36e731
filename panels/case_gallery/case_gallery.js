// The gallery in the browser: cards, filters that count, and the way to the Explain panel. props.value is what
// panels/case_gallery/panel.py `payload` gives; it is fetched when the panel is opened for the first time.

import { make, panelTab } from "../shell/elements.js";
import { EVENTS, tell } from "../shell/events.js";
import { text } from "../shell/language.js";
import { addressOf } from "../quiz/chooser.js";

const PATIENCE = 10_000; // milliseconds after which what has not come is asked for again
const MOST = 20; // cases of one quiz: panels/shell/deep_link.py

function cardOf(card) {
  const item = make("li"), button = make("button", "cxr-gallery-card"), pair = make("span", "cxr-pair");
  button.type = "button";
  for (const source of card.pictures) {
    const image = make("img");
    Object.assign(image, { src: source, alt: "", loading: "lazy" });
    pair.append(image);
  }
  const marks = make("span", "cxr-gallery-marks");
  for (const [name, label] of card.marks) {
    const mark = make("span", "cxr-gallery-mark", label);
    mark.dataset.name = name;
    marks.append(mark);
  }
  const writes = make("span", "cxr-gallery-writes", card.impression);
  writes.lang = "en"; // as the model wrote it
  button.append(pair, make("span", "cxr-title", card.title), marks, writes);
  button.addEventListener("click", () => {
    panelTab("explain")?.click();
    tell(EVENTS.show, { example: card.name, settings: {} });
  });
  item.append(button);
  return item;
}

export function start({ element, trigger, props, watch }) {
  const root = element.querySelector(".cxr-gallery"), find = (selector) => root.querySelector(selector);
  const selects = [...root.querySelectorAll("select")];
  let cards = [], waiting = null;

  function follow() {
    const shown = cards.filter(({ card, item }) => {
      item.hidden = !selects.every((select) => !select.value || card.values[select.dataset.filter].includes(select.value));
      return !item.hidden;
    });
    find(".cxr-gallery-count").textContent = text("{shown} of {cases} cases", { shown: shown.length, cases: cards.length });
    const quiz = find(".cxr-gallery-quiz");
    quiz.hidden = !shown.length;
    quiz.textContent = shown.length > MOST ? text("Quiz on the first {most} of these", { most: MOST }) : text("Quiz on these");
    quiz.href = addressOf(shown.slice(0, MOST).map(({ card }) => card.code)).href;
  }

  function lay({ cards: given, filters, summary, checkpoint }) {
    clearTimeout(waiting);
    cards = given.map((card) => ({ card, item: cardOf(card) }));
    find(".cxr-gallery-cards").replaceChildren(...cards.map(({ item }) => item));
    for (const select of selects) {
      const offered = filters[select.dataset.filter];
      select.replaceChildren(select.options[0], ...offered.map(([value, label, count]) => new Option(`${label} (${count})`, value)));
      select.closest("label").hidden = !offered.length;
    }
    find(".cxr-gallery-who").textContent = text("What the checkpoint “{checkpoint}” says", { checkpoint });
    find(".cxr-gallery-summary").textContent = summary;
    follow();
  }

  function ask() {
    waiting = setTimeout(() => { if (element.isConnected && !cards.length) ask(); }, PATIENCE);
    trigger("wanted", {});
  }

  find("form").addEventListener("change", follow);
  find("form").addEventListener("reset", () => setTimeout(follow)); // the selects are reset after this
  find("form").addEventListener("submit", (event) => event.preventDefault());
  const receive = () => { if (props.value?.state === "cases" && !cards.length) lay(props.value); };
  watch("value", receive);
  receive();
  if (!cards.length) ask();
}
