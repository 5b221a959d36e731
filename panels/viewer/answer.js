// A new answer of the server's (panels/viewer/word_viewer.py) becomes words and pictures. Every text is set as text.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { percent } from "../shell/wording.js";
import { noticesOf } from "./mending.js";
import { absentFigure, fit, viewFigure } from "./view_figure.js";

// How sure the model was of each word, as one number a person can read: the geometric mean.
function sureness(value) {
  const count = value.words.length + (value.cut_off ? 0 : 1);
  return value.words.length ? text("{share} sure of each word on average", { share: percent(Math.exp(value.log_prob / count)) }) : "";
}

export function addAnswer(viewer) {
  const { root, find, props } = viewer;
  let asked = Object.fromEntries(new URLSearchParams(location.search)); // what a link brings back; used once
  let looked = null; // the id of the answer before

  const observer = new ResizeObserver(() => {
    let changed = false;
    for (const frame of viewer.frames) changed = fit(frame) || changed;
    if (changed) viewer.show();
  });

  function head(value) {
    const run = [value.checkpoint, value.search, sureness(value), value.cut_off ? text("cut off at the length limit") : ""];
    find(".cxr-run").textContent = run.filter(Boolean).join(" · ");
    find(".cxr-notices").hidden = !value.notices.length;
    find(".cxr-notices").replaceChildren(...noticesOf(value, viewer));
    find(".cxr-truth").hidden = !value.truth.origin;
    find(".cxr-reference").textContent = value.truth.origin;
    find(".cxr-judged").textContent = value.truth.verdict;
    find(".cxr-judged").dataset.right = String(value.truth.right);
    find(".cxr-planted").hidden = !value.truth.planted.length;
  }

  function layViews(value) {
    for (const view of value.views) {
      const [figure, frame] = viewFigure(viewer, view);
      find(".cxr-views").append(figure);
      viewer.frames.push(frame);
      observer.observe(frame.picture);
    }
    if (value.missing.includes("lateral")) find(".cxr-views").append(absentFigure("lateral"));
    find(".cxr-views").dataset.count = String(value.views.length);
  }

  // The word that a link asks for, counted from 0.
  function linkedWord(value) {
    const index = Math.max(Number.parseInt(asked.word, 10) || 1, 1) - 1;
    if (index < value.words.length || !value.words.length) return index;
    find(".cxr-notices").hidden = false;
    find(".cxr-notices").append(make("p", "", text("The link asks for word {number}, and the impression has {last}.", { number: index + 1, last: value.words.length })));
    return index;
  }

  viewer.layAnswer = () => {
    const value = props.value || { state: "empty" };
    viewer.play(false);
    viewer.answer = value;
    if (value.state === "caption" && looked && looked !== value.id) viewer.firstLookOver();
    looked = value.id || looked;
    root.dataset.state = value.state;
    find(".cxr-empty").hidden = value.state !== "empty";
    find(".cxr-refusal").hidden = value.state !== "refused";
    find(".cxr-result").hidden = value.state !== "caption";
    find(".cxr-refusal").textContent = value.state === "refused" ? value.message : "";
    observer.disconnect();
    viewer.frames = [];
    find(".cxr-views").replaceChildren();
    find(".cxr-words").replaceChildren();
    if (value.state !== "caption") return;

    head(value);
    viewer.buttons = value.words.map(viewer.wordButton);
    viewer.layWords(value);
    if (!value.words.length) find(".cxr-words").append(make("p", "", text("The model ended the impression before its first word.")));
    layViews(value);
    find(".cxr-copy").hidden = !value.example;
    viewer.callOut();
    viewer.chosen = 0;
    if (value.example && value.example === (asked.example ?? value.example)) {
      viewer.chosen = linkedWord(value);
      viewer.bringBack(asked);
      asked = {};
    }
    for (const frame of viewer.frames) fit(frame);
    viewer.lens.reset();
    viewer.choose(viewer.chosen, { speak: false });
  };
}
