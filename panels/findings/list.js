// The list of findings beside the pictures: bars with threshold and base rate, the likeliest first, by pointer and keys.

import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";
import { percent } from "../shell/wording.js";

const LIKELIEST = 3; // shown even where they are neither seen nor written
const NEITHER = later("neither seen nor written");
const AGREED = [later("seen and written"), NEITHER];

function bar(entry) {
  const line = make("span", "cxr-finding-bar");
  line.setAttribute("aria-hidden", "true"); // the label of the button says it
  const part = (className, style) => {
    const node = make("i", className);
    Object.assign(node.style, style);
    line.append(node);
  };
  part("cxr-finding-length", { width: `${entry.probability * 100}%` });
  if (entry.base_rate !== null) part("cxr-finding-base", { left: `${entry.base_rate * 100}%` });
  part("cxr-finding-threshold", { left: `${entry.threshold * 100}%` });
  return line;
}

export function addList(viewer, own) {
  const section = make("section", "cxr-findings");
  section.hidden = true;
  section.setAttribute("aria-label", text("Findings"));
  const head = make("header", "cxr-findings-head");
  const key = make("p", "cxr-findings-key");
  const mark = (className, said) => {
    const item = make("span", "", said), sample = make("i", className);
    sample.setAttribute("aria-hidden", "true");
    item.prepend(sample);
    return item;
  };
  key.append(mark("cxr-key-length", text("probability")), mark("cxr-key-threshold", text("threshold")), mark("cxr-key-base", text("how common it is")));
  head.append(make("h2", "", text("What the finding head sees")));
  const without = make("p", "cxr-findings-without");
  const box = make("div", "cxr-findings-list");
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", text("Findings, the likeliest first"));
  const more = make("button", "cxr-findings-more");
  more.type = "button";
  head.append(key);
  const apart = make("ul", "cxr-findings-apart"); // where head and words do not agree, each in a sentence
  const bound = make("p", "cxr-finding-record"); // which of the states cannot come up, and why
  section.append(head, without, box, more, apart, bound);
  viewer.find(".cxr-desk").prepend(section);
  const faults = make("ul", "cxr-faults"); // below the verdict: what the impression has wrong, was it not seen or not said?
  viewer.find(".cxr-truth").append(faults);

  let buttons = [], open = false;
  const quiet = (entry, place) => entry.state === NEITHER && place >= LIKELIEST;

  function button(entry, place) {
    const node = make("button", "cxr-finding");
    node.type = "button";
    node.setAttribute("role", "option");
    node.dataset.state = entry.other_side ? "other side" : entry.state;
    const numbers = [entry.title, percent(entry.probability), text("threshold {share}", { share: percent(entry.threshold) })];
    if (entry.base_rate !== null) numbers.push(text("{share} of training studies", { share: percent(entry.base_rate) }));
    node.setAttribute("aria-label", `${numbers.join(", ")}. ${entry.sentence}`);
    node.append(make("span", "cxr-finding-name", entry.title), make("span", "cxr-finding-share", percent(entry.probability)), bar(entry));
    node.append(make("span", "cxr-finding-state", entry.other_side ? text("different sides") : text(entry.state)));
    node.addEventListener("click", () => {
      own.choose(entry);
      buttons[place].focus({ preventScroll: true });
    });
    return node;
  }

  function fold() {
    const { entries } = own.answer, hidden = entries.filter(quiet).length;
    buttons.forEach((node, place) => { node.hidden = !open && quiet(entries[place], place); });
    more.hidden = !hidden;
    more.textContent = open ? text("Show fewer") : text("Show {count} more, neither seen nor written", { count: hidden });
    more.setAttribute("aria-expanded", String(open));
  }

  more.addEventListener("click", () => {
    open = !open;
    if (!open && own.chosen && quiet(own.chosen, own.answer.entries.indexOf(own.chosen))) own.leave();
    fold();
    marked();
  });

  const shownButtons = () => buttons.filter((node) => !node.hidden);

  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const there = shownButtons(), at = there.indexOf(document.activeElement);
    const places = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: there.length - 1 };
    if (event.key === "Escape" && own.chosen) own.leave();
    else if (event.key in places) {
      const next = there[Math.min(Math.max(places[event.key], 0), there.length - 1)];
      const entry = own.answer.entries[buttons.indexOf(next)];
      if (own.chosen !== entry) own.choose(entry);
      next.focus({ preventScroll: false });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Which one is chosen, and which ones the word on show states.
  function marked() {
    const stated = own.chosen ? [] : own.byWord(viewer.shown());
    const first = own.chosen || own.answer.entries[0];
    buttons.forEach((node, place) => {
      const entry = own.answer.entries[place];
      node.setAttribute("aria-selected", String(entry === own.chosen));
      node.tabIndex = entry === first ? 0 : -1;
      node.classList.toggle("cxr-linked", stated.includes(entry));
    });
  }

  function lay(there) {
    section.hidden = !there;
    faults.replaceChildren(...(there ? own.answer.faults : []).map((sentence) => make("li", "", sentence)));
    without.hidden = !own.answer.without;
    without.textContent = own.answer.without || "";
    head.hidden = box.hidden = Boolean(own.answer.without);
    buttons = own.answer.entries.map(button);
    box.replaceChildren(...buttons);
    apart.replaceChildren(...own.answer.entries.filter((entry) => !AGREED.includes(entry.state)).map((entry) => make("li", "", entry.sentence)));
    bound.hidden = !own.answer.bound;
    bound.textContent = own.answer.bound || "";
    open = false;
    fold();
  }

  return { lay, mark: marked };
}
