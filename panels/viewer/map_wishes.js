// Asks the server for maps, word by word or all at once, and unpacks what comes (EVENTS.maps).

import { EVENTS, listen } from "../shell/events.js";
import { text } from "../shell/language.js";
import { percent } from "../shell/wording.js";
import { showProgress } from "./progress.js";

const PATIENCE = 700; // milliseconds without a word from the server: others are before us

// A map of a message of panels/viewer/method.py as viewer.mapOf returns it.
// `of` says what it is a map of, "word" or "finding".
function unpackMap(map, detail, views, of) {
  const { rows, columns } = detail;
  const numbers = new Float32Array(Uint8Array.from(atob(map.values), (c) => c.charCodeAt(0)).buffer);
  const row = (view, at) => Array.from(numbers.subarray((view * rows + at) * columns, (view * rows + at + 1) * columns));
  let sum = 0, opposed = 0;
  for (const value of numbers) {
    sum += Math.abs(value);
    if (value < 0) opposed -= value;
  }
  return {
    maps: Array.from({ length: views }, (_, view) => Array.from({ length: rows }, (_, at) => row(view, at))),
    share: map.share, said: map.said, extent: detail.extent, top: map.top, signed: detail.signed, attention: false,
    facts: detail.against == null ? map.facts : map.facts.slice(0, -1), // a comparison is told in viewer.remarks
    opposed: sum ? opposed / sum : 0, of,
  };
}

// `shown` is the state of method.js; `tellBar` brings its bar up to date.
export function addMapWishes(viewer, shown, { tellBar }) {
  const { element, find, trigger } = viewer;
  const box = find(".cxr-methods .cxr-work");
  let wish = 0; // the number of the last wish; the server answers each under its number
  let waiting = null; // the wish that is being computed: { number, method, word, finding }
  const beside = new Map(); // wishes for maps that are not on show: their number -> { slow, told }

  function halt() {
    if (waiting) trigger("stop", { kind: "maps", number: waiting.number });
    waiting = null;
  }

  function ask(word, finding = null) {
    halt();
    shown.trouble = "";
    const other = word === null ? null : shown.rivalOf(word), mine = ++wish;
    waiting = { number: mine, method: shown.name, word, finding };
    setTimeout(() => {
      if (waiting && waiting.number === mine && box.hidden) showProgress(box, 0, 1, text("Waiting for its turn"));
    }, PATIENCE);
    trigger(shown.methodOf(shown.name).slow ? "slow_maps" : "maps", {
      number: mine, id: viewer.answer.id, method: shown.name, word, finding, against: other ? other.token_id : null,
    });
  }

  // The same for a finding, where one is chosen.
  function wantFinding(name, pressed) {
    if (shown.name === "attention" || shown.mapOfFinding(name)) return;
    const { slow } = shown.methodOf(shown.name), finding = slow ? name : "all";
    if (waiting && waiting.method === shown.name && waiting.finding === finding) return;
    if (!slow || pressed) ask(null, finding);
  }

  // Whatever the page lacks for the chosen word and costs little is asked for; what costs seconds waits for a press.
  function want(pressed = false) {
    const { answer, chosen } = viewer;
    if (answer.state === "caption" && shown.finding()) return wantFinding(shown.finding(), pressed);
    if (answer.state !== "caption" || !answer.words.length || shown.name === "attention" || viewer.mapOf(chosen)) return;
    if (answer.words[chosen].branch !== undefined) return; // the server explains the impression that the model wrote
    const { slow } = shown.methodOf(shown.name), word = slow || shown.against ? chosen : null;
    if (waiting && waiting.method === shown.name && waiting.finding === null && waiting.word === word) return;
    if (!slow || pressed) ask(word);
  }

  function keep(detail) {
    const views = viewer.answer.views.length;
    for (const [word, map] of Object.entries(detail.words))
      shown.found.set([detail.method, word, detail.against ?? ""].join("|"), unpackMap(map, detail, views, "word"));
    for (const [name, map] of Object.entries(detail.findings))
      shown.found.set([detail.method, `finding ${name}`, ""].join("|"), unpackMap(map, detail, views, "finding"));
  }

  function heardBeside(detail) {
    const { told } = beside.get(detail.number);
    if (detail.state !== "working") beside.delete(detail.number);
    if (detail.state === "done") keep(detail);
    told(detail);
  }

  listen(element, EVENTS.maps, (detail) => {
    if (detail.id !== viewer.answer.id) return; // of another study
    if (beside.has(detail.number)) return heardBeside(detail);
    if (!waiting || detail.number !== waiting.number) return; // taken back
    if (detail.state === "working") {
      const share = detail.of > 1 ? ` ${percent(detail.done / detail.of)}` : "";
      return showProgress(box, detail.done, detail.of, `${shown.methodOf(waiting.method).title}${share}`);
    }
    waiting = null;
    if (detail.waits) shown.methodOf(detail.method).waits = detail.waits;
    if (detail.state === "done") keep(detail);
    if (detail.state === "refused") shown.trouble = detail.message;
    viewer.show();
    tellBar();
    viewer.say(detail.state === "done" ? text("The map is there.") : shown.trouble || text("Stopped."));
  });

  // The queue was full for too long (panels/shell/retry_full_queue.js).
  listen(element, EVENTS.queue, ({ state, wish: refused }) => {
    if (state !== "refused" || !refused || !("against" in refused)) return;
    if (beside.has(refused.number)) return heardBeside({ number: refused.number, state: "refused", message: text("Too many people were asking.") });
    if (!waiting || refused.number !== waiting.number) return;
    waiting = null;
    shown.trouble = text("Too many people were asking: the map was not computed.");
    viewer.show();
    tellBar();
  });

  return {
    halt,
    want,
    // Maps of a method that is not on show, of a word where it is slow and else of all. `told` hears every message.
    askBeside(name, word, told) {
      const { slow } = shown.methodOf(name), number = ++wish;
      beside.set(number, { slow, told });
      trigger(slow ? "slow_maps" : "maps", { number, id: viewer.answer.id, method: name, word: slow ? word : null, against: null });
    },
    // Whatever was asked beside and costs seconds is no longer wanted; the server stops all up to a number.
    haltBeside() {
      const slow = [...beside].filter(([, one]) => one.slow).map(([number]) => number);
      if (slow.length) trigger("stop", { kind: "maps", number: Math.max(...slow) });
    },
    forgetBeside() { beside.clear(); },
    waiting: () => waiting,
    leave() { if (waiting && shown.methodOf(waiting.method).slow) halt(); }, // it was for the word that was left
  };
}
