// Go on from here: an alternative is taken in a word's place, and the model writes on from it (panels/viewer/go_on.py). The
// new impression stands under the old one; its words, from the other one on, are chosen and shown as those of the old one.
// They follow the words of viewer.answer.words, each with `branch`, the place where the two impressions part.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { decimal, spoken } from "../shell/wording.js";

export function addGoOn(viewer) {
  const { element, find, trigger } = viewer;
  const state = find(".cxr-gone-on-state");
  let wish = 0, waiting = null; // the number of the last wish; { number, text, prefix }
  let begun = []; // token ids of the words that the new impression was given

  find(".cxr-go-on-hint").hidden = false;

  const own = () => viewer.answer.words.filter((word) => word.branch === undefined);

  // The tokens of the impression that a word is in, up to that word and without it.
  function tokensBefore(index) {
    const { words } = viewer.answer, { branch } = words[index];
    const tokens = (from) => words.slice(from, index).map((word) => word.token_id);
    return branch === undefined ? tokens(0) : [...begun.slice(0, branch), ...tokens(own().length)];
  }

  function say(said) {
    state.textContent = said;
    state.hidden = !said;
  }

  // Called by the list of alternatives (word_card.js).
  viewer.goOn = (index, other) => {
    viewer.play(false);
    waiting = { number: ++wish, text: other.text, prefix: [...tokensBefore(index), other.token_id] };
    say(text("The model writes on from “{word}” …", { word: spoken(other.text) }));
    trigger("go_on", { number: wish, id: viewer.answer.id, prefix: waiting.prefix });
  };

  function forget() {
    const { words } = viewer.answer;
    waiting = null;
    begun = [];
    find(".cxr-words .cxr-gone-on")?.remove();
    say("");
    if (!words || own().length === words.length) return;
    const kept = own(), left = words[viewer.chosen]?.branch;
    viewer.answer = { ...viewer.answer, words: kept };
    viewer.buttons.length = kept.length;
    if (left !== undefined) viewer.choose(Math.min(left, kept.length - 1), { speak: false });
  }

  function lay({ words, given, log_prob: logProb, before, search, cut_off: cutOff }, { text: taken, prefix }) {
    forget();
    begun = prefix;
    const at = prefix.length - 1; // where the two impressions part
    const count = viewer.answer.words.length, added = words.slice(at).map((word) => ({ ...word, branch: at }));
    viewer.answer = { ...viewer.answer, words: [...viewer.answer.words, ...added] };
    const buttons = added.map((word, index) => viewer.wordButton(word, count + index));
    viewer.buttons.push(...buttons);
    if (given > at) buttons[0].classList.add("cxr-taken");
    const group = make("div", "cxr-gone-on");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", text("Impression that goes on from “{word}”", { word: spoken(taken) }));
    const same = make("span", "cxr-gone-on-same", words.slice(0, at).map((word) => word.text).join(" "));
    same.setAttribute("aria-hidden", "true"); // the options say it already
    group.append(same, ...buttons);
    find(".cxr-words").append(group);
    const close = make("button", "cxr-gone-on-close", text("Put it away"));
    close.type = "button";
    close.addEventListener("click", () => {
      forget();
      viewer.show();
      viewer.buttons[viewer.chosen]?.focus({ preventScroll: true });
    });
    const how = [search, cutOff ? text("cut off at the length limit") : "", added.length ? "" : text("which ends the impression there")];
    const numbers = { log_prob: decimal(logProb), before: decimal(before) };
    const told = { word: spoken(taken), how: how.filter(Boolean).join(", "), ...numbers };
    say(`${text("Gone on from “{word}” by {how}: log probability {log_prob}, as written {before}.", told)} `);
    state.append(close);
    if (added.length) viewer.choose(count, { focus: true });
    else viewer.show();
  }

  listen(element, EVENTS.goneOn, (detail) => {
    if (!waiting || detail.number !== waiting.number || detail.id !== viewer.answer.id) return;
    const asked = waiting;
    waiting = null;
    if (detail.state === "refused") return say(detail.message);
    lay(detail, asked);
  });
  // The queue was full for too long (panels/shell/retry_full_queue.js).
  listen(element, EVENTS.queue, ({ state: queue, wish: refused }) => {
    if (queue !== "refused" || !waiting || !refused?.prefix || refused.number !== waiting.number) return;
    waiting = null;
    say(text("Too many people were asking: the model did not write on."));
  });

  // ---- what the viewer does ----

  const withoutMapBefore = viewer.withoutMap;
  viewer.withoutMap = (word) =>
    word.branch === undefined || !word.maps ? withoutMapBefore(word)
      : text("Other methods explain the impression that the model wrote: choose attention for the words of this one.");

  const linkBefore = viewer.link;
  viewer.link = () => {
    const said = linkBefore(), word = viewer.answer.words[viewer.chosen];
    return word.branch === undefined ? said : { ...said, word: Math.min(word.branch + 1, own().length) };
  };

  viewer.on("leave", () => {
    waiting = null;
    begun = [];
    say("");
  });
}
