// Steer it: what the decoder is told of a finding is switched, and the impression that it would write then stands beside the
// one that it wrote. A switch changes what conditions the decoder, nothing else.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";

const AS_FOUND = later("as found");
const CHOICES = [[later("on"), true], [later("off"), false], [later("left"), "left"], [later("right"), "right"], [later("both sides"), "bilateral"]];
const MOVED = 0.05; // a word whose probability moves by less has not moved

const nameOf = (wanted) => text(wanted === undefined ? AS_FOUND : CHOICES.find(([, value]) => value === wanted)[0]);

function wordOf(word, others) {
  const shown = spoken(word.text) === word.text ? word.text : "."; // a full stop stands as one
  const node = make("span", "cxr-steered-word"), share = percent(word.probability);
  const other = word.other === null ? null : others[word.other];
  if (!other) {
    node.append(make("mark", "", shown), make("small", "", share));
    node.append(make("span", "cxr-unseen", ` ${text("(changed)")}`));
  } else if (Math.abs(other.probability - word.probability) >= MOVED) {
    node.append(shown, make("small", "cxr-moved", `${percent(other.probability)} → ${share}`));
  } else node.append(shown, make("small", "", share));
  return node;
}

export function addSteering(viewer, own) {
  const sheet = make("section", "cxr-steered");
  sheet.setAttribute("aria-label", text("Steered impression"));
  sheet.hidden = true;

  let steer = {}; // finding -> what the decoder is told instead
  let wish = 0, waiting = false; // the number of the last wish; the server answers each under its number
  let made = null; // the controls of the card, and the entry that they are for

  function lay(answer) {
    const switched = Object.entries(steer).map(([name, wanted]) => `${text(name)} ${nameOf(wanted)}`).join(", ");
    const back = make("button", "cxr-steered-back", text("Take all switches back"));
    back.type = "button";
    back.addEventListener("click", () => {
      steer = {};
      ask();
      made = null;
      viewer.show();
      viewer.find(".cxr-findings [role=option][tabindex='0']").focus({ preventScroll: true });
    });
    const said = make("p", "cxr-steered-said", answer.message || answer.sentence);
    said.setAttribute("role", "status");
    const words = make("p", "cxr-steered-words");
    if (!answer.message) {
      words.append(...answer.after.words.flatMap((word) => [wordOf(word, answer.before.words), " "]));
      if (!answer.after.words.length) words.append(text("The decoder ends the impression before its first word."));
    }
    const gone = answer.message ? [] : answer.before.words.filter((word) => word.other === null);
    const lost = make("p", "cxr-steered-gone");
    if (gone.length) lost.append(`${text("No longer written:")} `, ...gone.flatMap((word) => [make("s", "", spoken(word.text)), ` ${percent(word.probability)} `]));
    sheet.replaceChildren(
      make("h3", "", text("Steered: {switches}", { switches: switched })), words, ...(gone.length ? [lost] : []), said,
      make("p", "cxr-steered-only", answer.only || own.answer.only), back,
    );
    sheet.hidden = false;
  }

  function ask() {
    wish += 1;
    waiting = Object.keys(steer).length > 0;
    sheet.hidden = !waiting;
    if (!waiting) return;
    if (!sheet.childElementCount) sheet.replaceChildren(make("p", "cxr-steered-said", text("The decoder writes …")));
    sheet.setAttribute("aria-busy", "true");
    viewer.trigger("steer", { number: wish, id: viewer.answer.id, steer });
  }

  listen(viewer.element, EVENTS.steered, (answer) => {
    if (!waiting || answer.number !== wish || answer.id !== viewer.answer.id) return;
    waiting = false;
    sheet.removeAttribute("aria-busy");
    lay(answer);
    viewer.say(answer.message || answer.sentence);
  });

  function controlsOf(entry) {
    const box = make("fieldset", "cxr-steer");
    box.append(make("legend", "", text("Steer it")));
    if (!own.answer.steerable) {
      box.append(make("p", "cxr-finding-record", text("The decoder of this checkpoint is not told what the head finds: it cannot be steered.")));
      return box;
    }
    const there = entry.told === true ? text("there") : text("there, {side}", { side: nameOf(entry.told) });
    const found = entry.told === false ? text("not there") : there;
    box.append(make("p", "cxr-finding-record", text("The head told the decoder: {found}. Tell it something else:", { found })));
    const choices = [[AS_FOUND, undefined], ...CHOICES.filter(([, value]) => entry.sided || typeof value === "boolean")];
    const group = `steer-${Math.random().toString(36).slice(2)}`;
    for (const [title, wanted] of choices) {
      const label = make("label"), input = make("input");
      input.type = "radio";
      input.name = group;
      input.checked = steer[entry.name] === wanted;
      input.addEventListener("change", () => {
        if (wanted === undefined) delete steer[entry.name];
        else steer[entry.name] = wanted;
        ask();
      });
      label.append(input, make("span", "", text(title)));
      box.append(label);
    }
    box.append(make("p", "cxr-finding-record", own.answer.only));
    return box;
  }

  return {
    sheet,
    controls(entry) {
      if (!entry) return null;
      if (!made || made.entry !== entry) made = { entry, box: controlsOf(entry) };
      return made.box;
    },
    forget() {
      steer = {};
      wish += 1;
      waiting = false;
      made = null;
      sheet.hidden = true;
      sheet.replaceChildren();
    },
  };
}
