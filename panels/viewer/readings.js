// What the pictures of the word viewer say beside themselves: the share of each view, the value under the pointer, the scale.

import { later, text } from "../shell/language.js";
import { decimal, percent, rounded, short, viewName } from "../shell/wording.js";

// Of what a cell is a share, and of what a map is: `unit` and `of` of viewer.mapOf.
const SHARES = { attention: later("{share} of the attention, {times} times an even share"), weights: later("{share} of the weights, {times} times an even share") };
const OF_MAPS = {
  word: { strength: later("{share} of this word's strongest"), for: later("for the word, {strength}"), against: later("against the word, {strength}") },
  finding: { strength: later("{share} of this finding's strongest"), for: later("for the finding, {strength}"), against: later("against the finding, {strength}") },
};

export function makeReadings(viewer) {
  const { find } = viewer;

  function measured(map, value) {
    if (map.attention) {
      const cells = viewer.answer.views.length * map.maps[0].length * map.maps[0][0].length;
      return text(SHARES[map.unit || "attention"], { share: rounded(value, 2), times: decimal(value * cells, 1) });
    }
    const of = OF_MAPS[map.of], strength = text(of.strength, { share: percent(Math.abs(value) / (map.top || 1)) });
    return map.signed ? text(value < 0 ? of.against : of.for, { strength }) : strength;
  }

  // Of the word on show, or of what has taken its place: `map` as viewer.mapOf gives it, `top` what counts as full strength.
  return (word, map, top) => {
    for (const { view, cell, share, reading, canvas } of viewer.frames) {
      share.textContent = map && map.share ? percent(map.share[view.index]) : "";
      reading.textContent = view.original;
      if (map && cell) {
        const value = map.maps[view.index][cell.row][cell.column];
        reading.textContent = text("row {row}, column {column}: {reading}", { row: cell.row + 1, column: cell.column + 1, reading: measured(map, value) });
      }
      const about = map ? map.said[view.index] : viewer.withoutMap(word);
      canvas.setAttribute("aria-label", text("Heatmap of “{word}” on the {view} view: {said}.", { word: word.text, view: viewName(view.name), said: about }));
    }
    find(".cxr-scalebar").hidden = !map;
    find(".cxr-balance").hidden = !map || !map.share || viewer.answer.views.length < 2;
    if (!map) return;
    if (map.share) find(".cxr-balance i").style.width = `${map.share[0] * 100}%`;
    find(".cxr-scalebar-low").textContent = map.signed ? `\u2212${short(top)}` : map.attention ? "0" : text("none");
    find(".cxr-scalebar-top").textContent =
      map.signed ? `+${short(top)}` : map.attention ? text("{share} in one cell", { share: rounded(top, 1) }) : text("strongest");
  };
}
