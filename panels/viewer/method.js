// Maps by any method of explanation (panels/viewer/method.py, `catalogue`): which one is on show, and the bar to choose it.
// map_wishes.js asks for the maps, evidence_marks.js keeps what was found out about them.

import { EVENTS, listen, tell } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";
import { addEvidenceMarks } from "./evidence_marks.js";
import { addMapWishes } from "./map_wishes.js";

// What there is to say of a map, by what it is of: `of` of viewer.mapOf.
const OF_MAPS = {
  word: {
    against: later("{share} of the evidence spoke against the word (blue)."), nothing: later("Nothing spoke against the word."),
    nowhere: later("By this method no place of the pictures speaks for the word."),
  },
  finding: {
    against: later("{share} of the evidence spoke against the finding (blue)."), nothing: later("Nothing spoke against the finding."),
    nowhere: later("By this method no place of the pictures speaks for the finding."),
  },
};
const SETTLED = 120; // milliseconds on one word until the others hear of it

export function addMethods(viewer, methods) {
  const { element, find } = viewer;
  const bar = find(".cxr-methods"), picker = find(".cxr-method"), rival = find(".cxr-against");

  const shown = {
    name: "attention", // the method on show
    against: null, // the alternative that the chosen word is compared with, { token_id, text }
    found: new Map(), // "method|word|token" -> what viewer.mapOf returns
    trouble: "", // why the last wish came to nothing
    methodOf: (name) => methods.find((one) => one.name === name),
    rivalOf: (word) => (word === viewer.chosen ? shown.against : null),
    finding: () => null, // the name of the finding that is chosen in place of a word (panels/findings/findings.js)
    mapOfFinding: (name) => shown.found.get(keyOf(`finding ${name}`)) || null,
  };
  viewer.shownMethod = shown;
  const keyOf = (word, other = null) => [shown.name, word, other ? other.token_id : ""].join("|");
  const hasAttention = () => viewer.answer.words.every((word) => word.maps);

  const wishes = addMapWishes(viewer, shown, { tellBar });
  shown.wishes = wishes;
  const mark = addEvidenceMarks(viewer, shown);

  // ---- what the viewer shows ----

  const attentionMap = viewer.mapOf;
  // The map of a word by any method, without a comparison; null where the page has none.
  shown.mapBy = (name, index) => (name === "attention" ? attentionMap(index) : shown.found.get([name, index, ""].join("|")) || null);
  viewer.mapOf = (index) =>
    shown.name === "attention" ? attentionMap(index) : shown.found.get(keyOf(index, shown.rivalOf(index))) || null;

  viewer.withoutMap = (word) => {
    const none = hasAttention() ? "" : `${text("This checkpoint has no attention.")} `;
    if (wishes.waiting()) return none + text("The map is being computed.");
    return none + (shown.trouble || text("There is no map of “{word}” by this method yet.", { word: spoken(word.text) }));
  };

  const attentionRemarks = viewer.remarks;
  viewer.remarks = (word, map) => {
    if (!map || map.attention) return attentionRemarks(word, map);
    const said = [...map.facts], of = OF_MAPS[map.of];
    if (map.signed) said.unshift(map.opposed > 0 ? text(of.against, { share: percent(map.opposed) }) : text(of.nothing));
    if (!map.share) said.unshift(text(of.nowhere));
    const other = map.of === "word" ? shown.rivalOf(viewer.shown()) : null;
    const words = other && { word: spoken(word.text), other: spoken(other.text) };
    if (other && map.signed) said.push(text("Orange: what speaks for “{word}” rather than “{other}”.", words));
    else if (other) said.push(text("Bright: what speaks for “{word}” rather than “{other}”.", words));
    return said;
  };

  // ---- the bar ----

  function tellBar() {
    const { words } = viewer.answer, finding = shown.finding();
    const none = (words.length || finding) && shown.name !== "attention" && !(finding ? shown.mapOfFinding(finding) : viewer.mapOf(viewer.chosen));
    const button = find(".cxr-ask");
    button.hidden = !none || Boolean(wishes.waiting()) || !(shown.methodOf(shown.name).slow || shown.trouble);
    if (!button.hidden) {
      const named = finding ? text(finding) : spoken(words[viewer.chosen].text), wait = shown.methodOf(shown.name).waits.maps;
      button.textContent = text("Compute the map of “{word}” ({wait})", { word: named, wait });
    }
    if (!wishes.waiting()) find(".cxr-methods .cxr-work").hidden = true;
  }

  picker.replaceChildren(...methods.map((one) => {
    const option = make("option", "", one.title);
    option.value = one.name;
    return option;
  }));

  function layRivals() {
    const word = viewer.answer.words[viewer.chosen];
    const by = shown.methodOf(shown.name).contrastive, can = by && !shown.finding();
    const none = make("option", "", can ? text("no comparison") : by ? text("not of a finding") : text("not by this method"));
    none.value = "";
    const others = word && can ? word.alternatives.filter((other) => !other.chosen) : [];
    rival.replaceChildren(none, ...others.map((other) => {
      const option = make("option", "", `${spoken(other.text)} (${percent(Math.exp(other.log_prob))})`);
      option.value = String(other.token_id);
      option.selected = Boolean(shown.against && shown.against.token_id === other.token_id);
      return option;
    }));
    rival.disabled = !can;
  }

  // What the other panels follow: the impression, the word and the method on show.
  function tellChoice() {
    // Words that go on from another one (go_on.js) belong to the place where the impressions part.
    const words = viewer.answer.state === "caption" ? viewer.answer.words.filter((word) => word.branch === undefined) : [];
    const word = viewer.answer.words?.[viewer.chosen]?.branch ?? viewer.chosen;
    tell(EVENTS.choice, {
      id: viewer.answer.id, word: Math.min(word, Math.max(words.length - 1, 0)), method: shown.name,
      words: words.map((word) => word.text), attention: words.every((word) => word.maps),
    });
  }

  function settle() {
    if (viewer.answer.state !== "caption") return tellChoice();
    const one = shown.methodOf(shown.name);
    picker.value = bar.dataset.method = shown.name;
    find(".cxr-meaning").textContent = one.meaning + (one.signed ? ` ${text("Orange speaks for the word, blue against it.")}` : "");
    find(".cxr-colours").disabled = one.signed;
    find(".cxr-json").textContent = shown.name === "attention" ? text("Caption (JSON)") : text("Maps (JSON)");
    layRivals();
    mark();
    wishes.want();
    tellBar();
    tellChoice();
  }

  let followed = null, settling = null;
  const followBefore = viewer.follow;
  viewer.follow = (index) => {
    followBefore(index);
    const word = `${viewer.answer.id}|${index}`;
    if (followed === word) return;
    followed = word;
    shown.against = null;
    shown.trouble = "";
    wishes.leave();
    // After the word is on the screen, and only for the last of words that are walked through quickly.
    clearTimeout(settling);
    settling = setTimeout(settle, SETTLED);
  };

  // Another word or finding is to be shown than before.
  shown.turn = () => {
    shown.trouble = "";
    wishes.leave();
    layRivals();
    wishes.want();
    tellBar();
  };

  function askAndShow() {
    wishes.want(true);
    tellBar();
    viewer.show();
  }

  picker.addEventListener("change", () => {
    wishes.halt();
    shown.name = picker.value;
    shown.against = null;
    shown.trouble = "";
    settle();
    askAndShow();
  });
  rival.addEventListener("change", () => {
    wishes.halt();
    const word = viewer.answer.words[viewer.chosen];
    shown.against = word.alternatives.find((other) => String(other.token_id) === rival.value) || null;
    shown.trouble = "";
    askAndShow();
  });
  find(".cxr-ask").addEventListener("click", () => {
    askAndShow();
    find(".cxr-methods .cxr-halt").focus();
  });
  find(".cxr-methods .cxr-halt").addEventListener("click", () => {
    wishes.halt();
    shown.trouble = text("Stopped before the map was done.");
    tellBar();
    viewer.show();
    viewer.say(text("Stopped."));
    (find(".cxr-ask").hidden ? picker : find(".cxr-ask")).focus();
  });

  // Another part of the page chooses a method.
  shown.use = (name) => {
    if (name === shown.name) return;
    picker.value = name;
    picker.dispatchEvent(new Event("change"));
  };

  // Another panel chooses a word or a method, or only asks what is chosen.
  listen(element, EVENTS.choose, ({ word, method }) => {
    const there = viewer.answer.state === "caption";
    if (there && Number.isInteger(word)) {
      viewer.play(false);
      viewer.choose(word, { speak: false });
    }
    if (there && method && method !== shown.name) shown.use(method);
    else {
      clearTimeout(settling);
      settle();
    }
  });

  // ---- links and answers ----

  // A link says the method, and the token that the word is compared with.
  const linkBefore = viewer.link;
  viewer.link = () => ({ ...linkBefore(), method: shown.name, ...(shown.against ? { against: shown.against.token_id } : {}) });

  let linked = null; // what a link brought back: its map is asked for as soon as the word is on the screen
  const bringBackBefore = viewer.bringBack;
  viewer.bringBack = (said) => {
    bringBackBefore(said);
    const one = shown.methodOf(said.method);
    if (!one || (one.name === "attention" && !hasAttention())) return;
    shown.name = one.name;
    linked = said;
  };

  function bringBackRival() {
    const others = viewer.answer.words[viewer.chosen].alternatives.filter((other) => !other.chosen);
    if (shown.methodOf(shown.name).contrastive) shown.against = others.find((other) => String(other.token_id) === linked.against) || null;
    clearTimeout(settling);
    settle();
    askAndShow();
  }

  // A new impression: the maps of the old one are dropped, the method stays.
  let none = false; // whether its words have no attention
  viewer.on("leave", () => {
    wishes.halt();
    shown.found = new Map();
    shown.against = followed = linked = null;
    mark.forget();
    const words = (viewer.props.value || {}).words || [];
    none = words.length > 0 && !words[0].maps;
    picker.querySelector("[value=attention]").disabled = none;
    if (none && shown.name === "attention") shown.name = "grad-cam";
    picker.value = bar.dataset.method = shown.name;
  });
  viewer.on("receive", () => {
    if (viewer.answer.state !== "caption") tellChoice();
    if (linked && viewer.answer.words.length) bringBackRival();
    bar.hidden = viewer.answer.state !== "caption" || !viewer.answer.words.length;
    find(".cxr-no-attention").hidden = !none;
  });
}
