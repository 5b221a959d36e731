// The events by which the panels of the page tell each other what has happened: all there are, each with what it brings.
// Every module tells and hears them by these names; none has another (tests/panels/server/test_modules.py).

export const EVENTS = Object.freeze({
  answer: "cxr-answer", // the Explain panel has a new answer: { state, example }
  picturesChanged: "cxr-pictures", // the uploads beside are others than those of the answer: nothing
  show: "cxr-show", // an example is asked for, with settings as a link has them: { example, settings }
  choose: "cxr-choose", // the Explain panel is to choose, or only to say what is chosen: { word?, method? }
  choice: "cxr-choice", // what the Explain panel shows: { id, word, method, words, attention }
  maps: "cxr-maps", // how far the maps of a method are, and the maps: as panels/viewer/method.py answers
  steered: "cxr-told-otherwise", // what the decoder writes with a switch: as panels/findings/panel.py answers
  trial: "cxr-draft-on-trial", // a draft before the finding head: as panels/findings/draft.py answers
  file: "cxr-file", // how far a file to save is: as panels/viewer/export.py answers
  goneOn: "cxr-words-gone-on", // the impression that goes on from another word: as panels/viewer/go_on.py answers
  evidence: "cxr-evidence", // what was found out about the words: { id, method, marks }
  queue: "cxr-full", // the server's queue was full: { state: "waiting" | "taken" | "refused", wish }
});

const NAMES = new Set(Object.values(EVENTS));

function known(name) {
  if (!NAMES.has(name)) throw new Error(`There is no event ${name} on this page.`);
  return name;
}

export function tell(name, detail = {}) {
  document.dispatchEvent(new CustomEvent(known(name), { detail }));
}

// `heard` gets the event's detail, for as long as the element is on the page.
export function listen(element, name, heard) {
  function pass(event) {
    if (!element.isConnected) return document.removeEventListener(name, pass);
    heard(event.detail);
  }
  document.addEventListener(known(name), pass);
}

export function listenOnce(name, heard) {
  document.addEventListener(known(name), (event) => heard(event.detail), { once: true });
}
