// What the model says to the changed pictures: both impressions aligned, and each word's probability before and after.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { decimal, percent, spoken } from "../shell/wording.js";
import { showMaps } from "./before_after.js";

const nameOf = (whose) => ({ before: text("old words"), after: text("new words"), typed: text("your words") })[whose];
const MOVED = 0.05; // from here on a change of a probability is pointed out

function token(word, label) {
  const node = make("span", word === "." ? "cxr-token cxr-stop" : "cxr-token", word);
  if (label) node.dataset.search = label;
  return node;
}

function layImpressions(both, value) {
  if (value.before === value.after) return both.replaceChildren(...value.before.split(" ").filter(Boolean).map((word) => token(word)));
  const words = [value.before.split(" "), value.after.split(" ")];
  both.replaceChildren(...value.alignment.map(({ before, after, same }) => {
    const column = make("div", same ? "cxr-column" : "cxr-column cxr-differs");
    [before, after].forEach((place, row) => {
      if (place === null) column.append(make("span", "cxr-gap", "\u2013"));
      else column.append(token(words[row][place], same ? "" : [text("before"), text("after")][row]));
    });
    return column;
  }));
}

// `look` is called where the word is chosen to see its maps; null where it has none.
function barOf(word, changed, look, chosen) {
  const row = make("tr"), name = make("th", word.text === "(end)" ? "cxr-end" : "", look ? undefined : spoken(word.text));
  name.scope = "row";
  if (look) {
    const button = make("button", "cxr-look", spoken(word.text));
    button.type = "button";
    button.title = text("Where it was read, before and after");
    button.setAttribute("aria-pressed", String(chosen));
    button.addEventListener("click", look);
    name.append(button);
  }
  if (word.known === false) name.append(" ", make("small", "cxr-unknown", text("unknown word")));
  const cell = make("td"), pair = make("div", "cxr-pair-bars"), was = make("i", "cxr-was"), is = make("i", "cxr-is");
  was.style.width = `${Math.max(word.before * 100, 0.5)}%`;
  is.style.width = `${Math.max(word.after * 100, 0.5)}%`;
  pair.append(was, is);
  const moved = Math.abs(word.after - word.before) >= MOVED;
  cell.append(pair, make("span", moved ? "cxr-moved" : "", changed ? `${percent(word.before)} \u2192 ${percent(word.after)}` : percent(word.before)));
  row.append(name, cell);
  return row;
}

// `bench`: { sheets, swap }, the pictures as they are changed.
export function makeResults(root, bench) {
  const find = (selector) => root.querySelector(selector);
  let whose = "before"; // whose words the bars are of
  let answer = null;
  let looked = null; // the place of the word whose maps are shown

  function look(at) {
    looked = looked === at ? null : at;
    layBars();
    find(".cxr-bars [aria-pressed=true]")?.focus({ preventScroll: true });
  }

  function layBars() {
    const weighed = answer.texts.find((one) => one.whose === whose) || answer.texts[0];
    const maps = answer.maps?.[answer.texts.indexOf(weighed)];
    if (!maps?.[looked]) looked = null;
    find(".cxr-bars tbody").replaceChildren(
      ...weighed.words.map((word, at) => barOf(word, answer.changed, maps?.[at] ? () => look(at) : null, at === looked)),
    );
    showMaps(find(".cxr-before-after"), looked === null ? null : { word: weighed.words[looked], maps: maps[looked], answer, bench });
    const before = decimal(weighed.log_prob.before), after = decimal(weighed.log_prob.after);
    find(".cxr-totals").textContent = answer.changed
      ? text("Log probability of the whole: {before} before, {after} after.", { before, after })
      : text("Log probability of the whole: {before}.", { before });
  }

  function layChoice() {
    const set = find(".cxr-whose"), there = answer.texts.map((one) => one.whose);
    if (!there.includes(whose)) whose = there[0];
    set.hidden = there.length < 2;
    set.replaceChildren(...there.map((name) => {
      const label = make("label"), input = make("input");
      Object.assign(input, { type: "radio", name: "cxr-whose", checked: name === whose });
      input.addEventListener("change", () => { whose = name; looked = null; layBars(); });
      label.append(input, make("span", "", nameOf(name)));
      return label;
    }));
  }

  return {
    answer: () => answer,
    forget() { answer = null; },
    look(at) { whose = at; },
    show(value) {
      answer = value;
      find(".cxr-sentence").textContent = value.sentence;
      find(".cxr-which-bar").hidden = !value.changed;
      root.classList.toggle("cxr-still", !value.changed);
      layImpressions(find(".cxr-both"), value);
      layChoice();
      layBars();
    },
  };
}
