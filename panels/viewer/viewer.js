// The word viewer: the state of one viewer and what shows a word of it. There may be several viewers on the page.
// Nothing here asks the server. A panel that shows something of its own (explain.js, panels/compare/compare.js) puts its
// own functions in place of those that are named under "what a panel may replace", and then starts the viewer.

import { EVENTS, tell } from "../shell/events.js";
import { number, text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";
import { addAnswer } from "./answer.js";
import { addFilm } from "./film.js";
import { addCallOuts } from "./call_outs.js";
import { addLink } from "./link.js";
import { makeLens } from "./lens.js";
import { drawMap, drawScale, largestCell, useColours } from "./maps.js";
import { addOutline } from "./outline.js";
import { addPlayback } from "./playback.js";
import { makeReadings } from "./readings.js";
import { keepRoom } from "./room.js";
import { makeWordCard } from "./word_card.js";
import { addWordList } from "./word_list.js";

// `component` is what gr.HTML gives (panels/server/modules.py), `colours` the tables for the maps, `glossary` term -> meaning.
export function makeViewer(component, { colours, glossary }) {
  useColours(colours);
  const { element, props, watch } = component;
  const root = element.querySelector(".cxr-viewer");
  const find = (selector) => root.querySelector(selector);

  // Radio buttons of one name belong together across the whole page.
  const own = Math.random().toString(36).slice(2);
  root.querySelectorAll("input[data-group]").forEach((input) => { input.name = `${input.dataset.group}-${own}`; });

  const viewer = {
    ...component,
    root,
    find,
    answer: { state: "empty" }, // of panels/viewer/word_viewer.py
    buttons: [], // one per word, in the order of answer.words
    frames: [], // one per view: { view, canvas, context, picture, share, reading, cell }
    chosen: 0,
    hovered: null, // a word under the pointer, previewed without being chosen
    settings: {
      get opacity() { return Number(find(".cxr-opacity").value) / 100; },
      get scale() { return find("input[data-group=scale]:checked").value; },
      get cells() { return find("input[data-group=cells]:checked").value; },
      get colours() { return find(".cxr-colours").value; },
    },

    // ---- what a panel may replace ----
    // The map of a word as it is shown, or null: `maps` view by view, `share` of each view, what is `said` of each,
    // `extent`, `top` (the word's own largest value), `signed`, and whether it is `attention`, whose cells sum to 1; `unit`
    // names what they sum up where that is not the attention.
    mapOf(index) {
      const word = viewer.answer.words[index];
      if (!word || !word.maps) return null;
      word.top ??= largestCell([word]);
      return { maps: word.maps, share: word.share, said: word.said, extent: viewer.answer.extent, top: word.top, signed: false, attention: true };
    },
    // The map that lies on the pictures now: that of the word on show, if nothing else was chosen.
    mapOnShow: () => (viewer.answer.words ? viewer.mapOf(viewer.shown()) : null),
    // What stands in place of a map, where there is none.
    withoutMap: () => text("This checkpoint has no attention, so its words have no maps."),
    // What there is to say of a map besides where it lies.
    remarks: () => [],
    // What reads a place of the pictures besides the words: { name, map, chosen, press } of each; and whether one is chosen.
    otherReaders: () => [],
    otherChosen: () => false,
    // A word was chosen.
    follow() {},
    // Tells the other panels of a new answer.
    received: () => tell(EVENTS.answer, { state: viewer.answer.state, example: viewer.answer.example }),
    // And `layWords`, `callOut`, `link` and `bringBack`, from the modules below.
  };

  // ---- what a panel may add to ----
  // "leave": another answer has come, as props.value, and is not laid out yet: what belongs to the one before is forgotten.
  // "receive": the new answer is laid out. "show": a word is shown, or shown anew. In the order in which they were added.
  const listeners = { leave: [], receive: [], show: [] };
  const call = (moment) => listeners[moment].forEach((listener) => listener());
  viewer.on = (moment, listener) => { listeners[moment].push(listener); };

  const lens = makeLens(() => {
    for (const { picture } of viewer.frames) {
      picture.classList.toggle("cxr-close", lens.lens.scale > 1);
      for (const layer of picture.querySelectorAll("img, canvas, svg")) layer.style.transform = lens.transform();
    }
    find(".cxr-zoom-out").disabled = lens.lens.scale === 1;
  });
  viewer.lens = lens;
  find(".cxr-zoom-in").addEventListener("click", () => lens.zoomAt(1.6));
  find(".cxr-zoom-out").addEventListener("click", () => lens.zoomAt(1 / 1.6));

  // ---- the word on show ----

  viewer.shown = () => viewer.hovered ?? viewer.chosen;

  // What counts as full strength: the word's own largest cell on either view, or the largest of the whole impression.
  viewer.ceiling = (map) =>
    viewer.settings.scale === "word" ? map.top : Math.max(...viewer.answer.words.map((_, index) => viewer.mapOf(index)?.top || 0));

  // How a map is drawn now, for drawMap.
  viewer.style = (map, top) => {
    const { colours, opacity, cells } = viewer.settings;
    return { top, signed: map.signed, colours, opacity, cells };
  };

  function draw({ canvas, context, view, cell }, map, top) {
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (map) drawMap(context, map.maps[view.index], map.extent, viewer.style(map, top), cell);
  }

  // Painted again only when it has changed: the word does not wait for it.
  let scalebar = "";
  function paintScalebar(signed) {
    const { colours, opacity } = viewer.settings, now = [signed, colours, opacity].join();
    if (now !== scalebar) drawScale(find(".cxr-scalebar canvas").getContext("2d"), { colours, opacity, signed });
    scalebar = now;
  }

  const readings = makeReadings(viewer), describe = makeWordCard(viewer, glossary);

  // The pictures with a map, or without one: `named` is what it is of, a word or anything else with a `text`; `top` is what
  // counts as full strength.
  viewer.paint = (named, map, top) => {
    for (const frame of viewer.frames) draw(frame, map, top);
    readings(named, map, top);
    paintScalebar(Boolean(map && map.signed));
  };

  function showWord() {
    const { answer, buttons, chosen } = viewer, index = viewer.shown();
    const word = answer.words && answer.words[index];
    if (!word) return;
    const map = viewer.mapOf(index);
    viewer.paint(word, map, map ? viewer.ceiling(map) : 0);
    describe(word, map);
    buttons.forEach((button, at) => {
      button.classList.toggle("cxr-on", at === index);
      button.setAttribute("aria-selected", String(at === chosen));
      button.tabIndex = at === chosen ? 0 : -1;
    });
    find(".cxr-now").textContent = `${spoken(word.text)} ${percent(Math.exp(word.log_prob))}`;
  }

  viewer.show = () => {
    showWord();
    call("show");
  };

  viewer.say = (said) => { find(".cxr-spoken").textContent = said; };

  viewer.choose = (index, { focus = false, speak = true } = {}) => {
    const { words, views } = viewer.answer;
    if (!words.length) return;
    if (index !== viewer.chosen) viewer.firstLookOver();
    viewer.chosen = Math.min(Math.max(index, 0), words.length - 1);
    viewer.hovered = null;
    viewer.follow(viewer.chosen);
    viewer.show();
    if (focus) viewer.buttons[viewer.chosen].focus({ preventScroll: true });
    if (!speak) return;
    const word = words[viewer.chosen], map = viewer.mapOf(viewer.chosen);
    const said = text("{word}: probability {share}", { word: word.text, share: percent(Math.exp(word.log_prob)) });
    viewer.say([said, ...(map ? views.map((view) => map.said[view.index]) : [])].join("; "));
  };

  find(".cxr-controls").addEventListener("input", () => {
    find(".cxr-opacity-value").textContent = number(`${find(".cxr-opacity").value}%`);
    viewer.show();
  });

  addOutline(viewer);
  addCallOuts(viewer);
  addLink(viewer);
  addPlayback(viewer);
  addWordList(viewer);
  addAnswer(viewer);
  addFilm(viewer);
  keepRoom(viewer);

  // On a phone the answer lies below the form.
  function bringIntoView() {
    if (!window.matchMedia("(max-width: 900px)").matches) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    (document.querySelector("#panels") || root).scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }

  function receive() {
    call("leave");
    viewer.layAnswer();
    call("receive");
  }

  // Once the panel has put its own in place.
  viewer.start = () => {
    watch("value", () => {
      receive();
      viewer.received();
      if (viewer.answer.state !== "empty") bringIntoView();
    });
    receive();
    if (props.value && props.value.state !== "empty") viewer.received(); // it was there before this module
  };
  return viewer;
}
