// All words at once: a small picture of every word's map on both views; one is chosen as a word is.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";
import { drawThumbnail, makeThumbnail } from "./thumbnail.js";

export function addAllWords(viewer) {
  const { find } = viewer;
  const details = find(".cxr-all-words"), grid = find(".cxr-all-words-grid");
  let cells = []; // { button, strip, share } per word
  let laid = null, drawn = ""; // the words that are laid out; what they were drawn by

  function lay() {
    laid = viewer.answer.words;
    drawn = "";
    cells = laid.map((word, index) => {
      const button = make("button", word.branch === undefined ? "cxr-small" : "cxr-small cxr-small-branch"), strip = makeThumbnail(viewer), share = make("span", "cxr-small-said");
      button.type = "button";
      const name = make("span", "cxr-small-name", spoken(word.text));
      if (word.branch !== undefined) name.append(make("span", "cxr-unseen", text(", of the impression gone on with")));
      button.append(strip, name, share);
      button.addEventListener("click", () => {
        viewer.play(false);
        viewer.choose(index);
      });
      return { button, strip, share };
    });
    grid.replaceChildren(...cells.map(({ button }) => button));
  }

  function draw() {
    if (!details.open || viewer.answer.state !== "caption") return;
    if (laid !== viewer.answer.words) lay();
    const maps = laid.map((_, index) => viewer.mapOf(index));
    cells.forEach(({ button }, index) => button.setAttribute("aria-pressed", String(index === viewer.chosen)));
    const { opacity, scale, colours, cells: kind } = viewer.settings;
    const now = [opacity, scale, colours, kind, viewer.shownMethod.name, ...maps.map((map) => (map ? map.top : "-"))].join();
    if (now === drawn) return;
    drawn = now;
    cells.forEach(({ strip, share }, index) => {
      const map = maps[index];
      drawThumbnail(viewer, strip, map, map ? viewer.ceiling(map) : 0);
      share.textContent = !map ? text("no map yet") : !map.share ? text("nothing") : map.share.map((part) => percent(part)).join(" · ");
    });
  }

  details.addEventListener("toggle", draw);
  viewer.on("show", draw);
  viewer.on("leave", () => {
    laid = null;
    grid.replaceChildren();
  });
  viewer.on("receive", () => { details.hidden = viewer.answer.state !== "caption" || !viewer.answer.words.length; });
}
