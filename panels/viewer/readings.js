// What the pictures of the word viewer say beside themselves: the share of each view, the value under the pointer, the scale.

import { percent, short } from "../shell/wording.js";

export function makeReadings(viewer) {
  const { find } = viewer;

  function measured(map, value) {
    if (map.attention) {
      const cells = viewer.answer.views.length * map.maps[0].length * map.maps[0][0].length;
      return `${(value * 100).toFixed(2)}% of the ${map.unit || "attention"}, ${(value * cells).toFixed(1)} times an even share`;
    }
    const strength = `${percent(Math.abs(value) / (map.top || 1))} of this ${map.of}'s strongest`;
    return map.signed ? `${value < 0 ? "against" : "for"} the ${map.of}, ${strength}` : strength;
  }

  // Of the word on show, or of what has taken its place: `map` as viewer.mapOf gives it, `top` what counts as full strength.
  return (word, map, top) => {
    for (const { view, cell, share, reading, canvas } of viewer.frames) {
      share.textContent = map && map.share ? percent(map.share[view.index]) : "";
      reading.textContent = view.original;
      if (map && cell) {
        const value = map.maps[view.index][cell.row][cell.column];
        reading.textContent = `row ${cell.row + 1}, column ${cell.column + 1}: ${measured(map, value)}`;
      }
      const about = map ? map.said[view.index] : viewer.withoutMap(word);
      canvas.setAttribute("aria-label", `Heatmap of “${word.text}” on the ${view.name} view: ${about}.`);
    }
    find(".cxr-scalebar").hidden = !map;
    find(".cxr-balance").hidden = !map || !map.share || viewer.answer.views.length < 2;
    if (!map) return;
    if (map.share) find(".cxr-balance i").style.width = `${map.share[0] * 100}%`;
    find(".cxr-scalebar-low").textContent = map.signed ? `\u2212${short(top)}` : map.attention ? "0" : "none";
    find(".cxr-scalebar-top").textContent =
      map.signed ? `+${short(top)}` : map.attention ? `${(top * 100).toFixed(1)}% in one cell` : "strongest";
  };
}
