// The card of a finding, in the place of the word's: what the head says of it, how the impression stands to it, how often
// that was right, and the way to the words that state it; and on the word's card the way to the findings that it states.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";

function row(term, value) {
  return [make("dt", "", term), make("dd", "", value)];
}

export function addCard(viewer, own) {
  const words = viewer.find(".cxr-word-card");
  const card = make("section", "cxr-finding-card");
  card.setAttribute("aria-label", text("The chosen finding"));
  card.hidden = true;
  words.after(card);
  const links = make("p", "cxr-finding-links"); // on the word's card
  viewer.find(".cxr-word-maps").after(links);

  function press(said, pressed) {
    const button = make("button", "cxr-finding-link", said);
    button.type = "button";
    button.addEventListener("click", pressed);
    return button;
  }

  let told = []; // what the card tells of, its map and its controls: it is not laid out anew while they stay

  function tell(entry, map, controls, sheet) {
    const numbers = make("dl", "cxr-finding-numbers");
    numbers.append(
      ...row(text("Probability"), percent(entry.probability)),
      ...row(text("Threshold"), percent(entry.threshold)),
      ...(entry.base_rate === null ? [] : row(text("In the training data"), percent(entry.base_rate))),
    );
    const where = make("ul", "cxr-finding-where");
    const looks = map ? viewer.answer.views.map((view) => map.said[view.index]) : [viewer.withoutMap({ text: entry.title })];
    where.append(...[...looks, ...viewer.remarks({ text: entry.title }, map)].map((said) => make("li", "", said)));
    const stated = make("p", "cxr-finding-links");
    if (entry.words.length) {
      stated.append(`${text("Stated by:")} `, ...entry.words.map((index) =>
        press(spoken(viewer.answer.words[index].text), () => viewer.choose(index, { focus: true }))));
    }
    const records = entry.records.map((record) => make("p", "cxr-finding-record", record));
    card.replaceChildren(
      make("h3", "cxr-word-title", entry.title), make("p", "cxr-finding-told", entry.sentence), numbers, where,
      ...(entry.words.length ? [stated] : []), ...records, controls, sheet,
    );
  }

  // `controls` and `sheet` of steer.js stand at the end of the card.
  return (entry, map, controls, sheet) => {
    words.hidden = Boolean(entry);
    card.hidden = !entry;
    const now = [entry, map, controls, map ? "" : viewer.withoutMap({ text: "" })];
    if (entry && now.some((part, at) => part !== told[at])) tell(entry, map, controls, sheet);
    told = now;
    const stated = entry ? [] : own.byWord(viewer.shown());
    links.hidden = !stated.length;
    links.replaceChildren(...stated.flatMap((one) => [
      press(text("{finding}: the head gives it {share}", { finding: one.title, share: percent(one.probability) }), () => own.choose(one)),
      ...one.records.slice(0, 1).map((record) => make("span", "cxr-finding-record", record)),
    ]));
  };
}
