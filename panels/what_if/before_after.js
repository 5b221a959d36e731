// Where a word was read: the decoder's attention over the pictures as they came, beside that over the changed ones.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";
import { drawMap } from "../viewer/maps.js";

const HEIGHT = 220; // pixels of a small picture

// The share of a view; the cells come rounded, and so is their sum.
const shareOf = (grid) => Math.round(grid.flat().reduce((total, cell) => total + cell, 0) * 1000) / 1000;

function canvasOf(sheet, source, grid, extent, top) {
  const canvas = make("canvas");
  canvas.height = HEIGHT;
  canvas.width = Math.round((HEIGHT * sheet.canvas.width) / sheet.canvas.height);
  canvas.setAttribute("role", "img");
  const context = canvas.getContext("2d");
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  if (grid) drawMap(context, grid, extent, { top, colours: "inferno", opacity: 0.75, cells: "smooth", signed: false }, null);
  return canvas;
}

// `shown`: { word, maps: { before, after }, answer, bench }, or null for nothing. Views that change places do so after.
export function showMaps(section, shown) {
  section.hidden = !shown;
  if (!shown) return;
  const { word, maps, answer, bench } = shown, { sheets, swap } = bench;
  const top = Math.max(...maps.before.flat(2), ...(answer.changed ? maps.after.flat(2) : []));
  section.querySelector("h3").textContent = text("“{word}”: where it was read", { word: spoken(word.text) });
  const kinds = answer.changed ? ["before", "after"] : ["before"];
  section.querySelector(".cxr-before-after-rows").replaceChildren(...kinds.flatMap((when) => {
    const pair = make("div", "cxr-before-after-pair");
    sheets.forEach((sheet, index) => {
      const at = when === "after" && swap ? sheets.length - 1 - index : index; // the place that the view was given in
      const grid = maps[when][at], canvas = canvasOf(sheet, when === "after" ? sheet.canvas : sheet.picture, grid, answer.extent, top);
      const said = { view: text(sheet.name), share: percent(shareOf(grid)), word: word.text };
      canvas.setAttribute("aria-label", when === "after"
        ? text("{view}, after: {share} of the attention for “{word}”", said)
        : text("{view}, before: {share} of the attention for “{word}”", said));
      pair.append(canvas);
    });
    return [make("span", "", !answer.changed ? text("now") : when === "after" ? text("after") : text("before")), pair];
  }));
}
