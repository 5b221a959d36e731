// What is told of a case after the reveal: maps over the films, outlines, the spread of findings, and what the numbers say.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { capital, rounded } from "../shell/wording.js";
import { drawMap } from "../viewer/maps.js";
import { outlineOf } from "../viewer/outline.js";

const WHOLE = [0, 0, 1, 1];
const largest = (maps) => Math.max(0, ...maps.flat(2));

// Maps over a film: one grid a view, by the view's name; one scale for all views.
export function drawOver(film, grids, extent = WHOLE) {
  const top = largest(Object.values(grids));
  const style = { top, colours: "inferno", opacity: 0.8, cells: "smooth", signed: false };
  for (const frame of film.frames) {
    const grid = grids[frame.view.name];
    frame.drawWith((context) => { if (grid && top > 0) drawMap(context, grid, extent, style, null); });
  }
}

export function outline(film, truth) {
  for (const { view, layer } of film.frames) layer.replaceChildren(outlineOf(truth, view));
}

export const marksOf = (told) => Object.fromEntries(told.marks.map(({ view, map }) => [view, map]));
export const mapsOf = (model) => ({ frontal: model.maps?.[0], lateral: model.maps?.[1] });

function marksSaid({ view, count, inside, chance }) {
  const name = capital(text(view));
  if (!count) return text("{view}: nobody marked it.", { view: name });
  if (inside === null) return text("{view}: {count} marked it, and nothing was planted there.", { view: name, count });
  return text(
    "{view}: {inside} of {count} marks lie inside the outline (of random places {chance} would).",
    { view: name, inside, count, chance: rounded(chance) },
  );
}

// A list of bars: how often each finding was picked.
export function bars({ findings, answered }) {
  const list = make("ul", "cxr-class-bars");
  for (const { name, count, true: right } of findings) {
    const item = make("li"), bar = make("i");
    item.dataset.right = right;
    bar.style.setProperty("--share", count / answered);
    bar.setAttribute("aria-hidden", "true");
    item.append(make("span", "", capital(text(name))), bar, make("b", "", `${count}${right ? " \u2713" : ""}`));
    if (right) item.append(make("span", "cxr-unseen", ` ${text("(it is there)")}`));
    list.append(item);
  }
  return list;
}

// What was planted, what the class made of it, and the model.
export function sentences({ told, truth, model }) {
  const lines = [[text("Planted"), text("{title}, drawn by a computer: {impression}", { title: truth.title, impression: truth.text })]];
  if (told.answered) {
    const picked = text(
      "{right} of {count} picked a finding that is there ({guessed} would by guessing).",
      { right: told.right, count: told.answered, guessed: rounded(told.guessed) },
    );
    lines.push([text("The class"), picked], [text("The marks"), told.marks.map(marksSaid).join(" ")]);
  } else lines.push([text("The class"), text("Nobody had answered.")]);
  if (model) lines.push([text("The model"), text("“{impression}” {verdict}", { impression: model.text, verdict: model.verdict })]);
  const list = make("dl", "cxr-class-told");
  for (const [name, said] of lines) list.append(make("dt", "", name), make("dd", "", said));
  return list;
}
