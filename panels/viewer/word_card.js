// The card of the word on show: what it means, how likely it was, where its map lies, and what could have stood there.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { decimal, percent, spoken } from "../shell/wording.js";

// `goOn` is called where the alternative is taken in the word's place; null where that is not on offer.
function alternative(other, goOn) {
  const item = make("li", other.chosen ? "cxr-chosen" : "");
  const share = Math.exp(other.log_prob), named = spoken(other.text);
  let name = make("span", "cxr-alternative-text", named);
  if (goOn && !other.chosen) {
    name = make("button", "cxr-alternative-text", named);
    name.type = "button";
    name.title = text("Go on from here with “{word}”", { word: named });
    name.addEventListener("click", () => goOn(other));
  }
  name.lang = "en";
  item.append(name, make("span", "cxr-alternative-share", percent(share)));
  const bar = make("i");
  bar.style.width = `${Math.max(share * 100, 0.5)}%`;
  item.append(bar);
  if (other.chosen) item.append(make("span", "cxr-unseen", text("(chosen)")));
  return item;
}

function place(sentence) {
  const item = make("li");
  const [, share, rest] = /^([<>]?\d+%|nothing)?(.*)$/.exec(sentence);
  item.append(...(share ? [make("b", "", share)] : []), rest);
  return item;
}

export function makeWordCard(viewer, glossary) {
  const { find } = viewer;

  return (word, map) => {
    const title = find(".cxr-word-title");
    title.textContent = spoken(word.text);
    if (spoken(word.text) === word.text) title.lang = "en"; // as the model wrote it
    else title.removeAttribute("lang");
    find(".cxr-word-from").hidden = !word.from;
    find(".cxr-word-from").textContent = word.from || "";
    const means = glossary[word.text];
    find(".cxr-word-means").hidden = !means;
    find(".cxr-word-means").textContent = means || "";
    find(".cxr-probability").textContent = percent(Math.exp(word.log_prob));
    find(".cxr-log-prob").textContent = decimal(word.log_prob);
    const index = viewer.shown(), goOn = viewer.goOn ? (other) => viewer.goOn(index, other) : null;
    const looks = map ? viewer.answer.views.map((view) => place(map.said[view.index])) : [make("li", "", viewer.withoutMap(word))];
    find(".cxr-word-maps").replaceChildren(...looks, ...viewer.remarks(word, map).map((remark) => make("li", "cxr-remark", remark)));
    find(".cxr-alternatives").replaceChildren(...word.alternatives.map((other) => alternative(other, goOn)));
  };
}
