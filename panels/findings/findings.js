// The finding head beside the words of the Explain panel (panels/findings/panel.py, `payload`): which finding is on show, in
// the viewer's own pictures and without asking the server. list.js lays out the findings, card.js tells of one, steer.js
// asks what the decoder would write if it were told otherwise, draft.js puts a draft of the reader's own on trial.

import { later } from "../shell/language.js";
import { percent } from "../shell/wording.js";
import { addCard } from "./card.js";
import { addDraft } from "./draft.js";
import { addList } from "./list.js";
import { addSteering } from "./steer.js";

const NEITHER = later("neither seen nor written");
// What a link to a place of the Explain panel holds, or would lead elsewhere (panels/shell/deep_link.py).
const IN_LINKS = ["example", "decoding", "width", "length_penalty", "checkpoint", "word", "method", "against", "opacity", "colours", "scale", "draw", "finding", "lesson", "quiz"];
const NONE = { faults: [], without: null, steerable: false, only: "", bound: null, entries: [] };

export function addFindings(viewer) {
  const methods = viewer.shownMethod; // of panels/viewer/method.js
  const own = {
    answer: NONE, // what the last answer says of findings
    chosen: null, // the entry on show; null while a word is
    byWord: (index) => own.answer.entries.filter((entry) => entry.words.includes(index)),
    choose, leave,
  };

  methods.finding = () => (own.chosen ? own.chosen.name : null);

  const list = addList(viewer, own), card = addCard(viewer, own), steering = addSteering(viewer, own), draft = addDraft(viewer, own);

  // By the method on show; its weights of pooling where that is attention. Null where the page has none.
  const mapOf = (entry) => {
    if (methods.name !== "attention") return methods.mapOfFinding(entry.name);
    entry.top ??= Math.max(...entry.maps.flat(2));
    return { maps: entry.maps, share: entry.share, said: entry.said, extent: viewer.answer.extent, top: entry.top, signed: false, attention: true, unit: "weights" };
  };
  // A word under the pointer is previewed over a chosen finding, too.
  const onShow = () => (viewer.hovered === null ? own.chosen : null);

  // ---- what the viewer shows ----

  const wordMapOnShow = viewer.mapOnShow;
  viewer.mapOnShow = () => (onShow() ? mapOf(onShow()) : wordMapOnShow());

  viewer.on("show", () => {
    const entry = onShow();
    viewer.buttons.forEach((button, index) => button.classList.toggle("cxr-linked", Boolean(entry) && entry.words.includes(index)));
    if (entry) {
      const map = mapOf(entry);
      viewer.paint({ text: entry.title }, map, map ? map.top : 0);
      viewer.buttons.forEach((button) => button.classList.remove("cxr-on"));
      viewer.find(".cxr-now").textContent = `${entry.title} ${percent(entry.probability)}`;
    }
    list.mark();
    draft.mark();
    card(entry, entry && mapOf(entry), steering.controls(entry), steering.sheet);
  });

  // ---- choosing ----

  function choose(entry) {
    if (own.chosen === entry) return leave();
    viewer.play(false);
    viewer.firstLookOver();
    const before = own.chosen;
    turn(entry);
    keepAddress(before ? "replaceState" : "pushState");
    const map = mapOf(entry);
    viewer.say(`${entry.title}: ${percent(entry.probability)}. ${entry.sentence} ${map ? viewer.answer.views.map((view) => map.said[view.index]).join("; ") : ""}`);
  }

  // Back to the word.
  function leave() {
    turn(null);
    keepAddress("replaceState");
  }

  function turn(entry) {
    own.chosen = entry;
    viewer.hovered = null;
    methods.turn();
    viewer.show();
  }

  const chooseWord = viewer.choose;
  viewer.choose = (index, how) => {
    if (own.chosen) leave();
    chooseWord(index, how);
  };

  // ---- the address: a refresh, a link and the way back lead to the chosen finding ----

  const named = (name) => own.answer.entries.find((entry) => entry.name.toLowerCase() === String(name).toLowerCase()) || null;
  let linked = null; // the name of the finding that a link brought back

  const linkBefore = viewer.link;
  viewer.link = () => ({ ...linkBefore(), ...(own.chosen ? { finding: own.chosen.name } : {}) });
  const bringBackBefore = viewer.bringBack;
  viewer.bringBack = (said) => {
    bringBackBefore(said);
    linked = said.finding || null;
  };

  function keepAddress(how) {
    const address = new URL(location.href), said = viewer.answer.example ? viewer.link() : {};
    for (const name of IN_LINKS) address.searchParams.delete(name);
    for (const [name, value] of Object.entries(said)) address.searchParams.set(name, value);
    if (address.href !== location.href) history[how](null, "", address);
  }

  function wentBack() {
    if (!viewer.element.isConnected) return window.removeEventListener("popstate", wentBack);
    const asked = new URLSearchParams(location.search), entry = named(asked.get("finding"));
    const here = viewer.answer.state === "caption" && viewer.answer.example && viewer.answer.example === asked.get("example");
    if (here && own.chosen !== entry) turn(entry);
    else if (viewer.answer.state === "caption" && own.chosen && !asked.has("finding")) turn(null);
  }
  window.addEventListener("popstate", wentBack);

  // ---- the findings that read a place (panels/viewer/readers.js) ----

  viewer.otherChosen = () => Boolean(own.chosen);
  viewer.otherReaders = () => own.answer.entries
    .filter((entry) => entry.state !== NEITHER)
    .map((entry) => ({ name: entry.title, map: mapOf(entry), chosen: entry === own.chosen, press: () => { if (entry !== own.chosen) choose(entry); } }));

  // ---- another answer ----

  viewer.on("leave", () => {
    const value = viewer.props.value || {};
    own.answer = value.findings || NONE;
    own.chosen = null;
    steering.forget();
    const there = value.state === "caption" && Boolean(value.findings);
    list.lay(there);
    draft.lay(there && own.answer.entries.length > 0);
    linked = null;
  });
  viewer.on("receive", () => {
    const there = viewer.answer.state === "caption";
    if (there && !viewer.answer.words.length) viewer.show();
    if (linked && named(linked)) turn(named(linked));
    else if (there && new URLSearchParams(location.search).has("finding")) keepAddress("replaceState");
  });
}
