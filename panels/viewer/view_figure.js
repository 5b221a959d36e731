// One view of the word viewer: the picture, the canvas of its map, the outline, the letters of the sides, the readings.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { capital, viewName } from "../shell/wording.js";
import { outlineOf } from "./outline.js";

// Where a pointer is over a canvas, as shares 0..1 from the upper left corner.
export function pointOn(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

// The cell of a grid at a point of the picture: { row, column }, or null beyond the part that the grid covers.
export function cellAt(grid, [top, left, bottom, right], [u, v]) {
  const row = Math.floor(((v - top) / (bottom - top)) * grid.length);
  const column = Math.floor(((u - left) / (right - left)) * grid[0].length);
  return row >= 0 && column >= 0 && row < grid.length && column < grid[0].length ? { row, column } : null;
}

// The canvas takes the size at which it is seen; whether that was another one.
export function fit({ picture, canvas }) {
  const box = picture.getBoundingClientRect();
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.round(box.width * density), height = Math.round(box.height * density);
  if (!width || !height || (width === canvas.width && height === canvas.height)) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}

function follow(viewer, frame) {
  const { canvas, view } = frame;
  canvas.addEventListener("pointermove", (event) => {
    const map = viewer.mapOnShow();
    if (!map) return;
    const cell = cellAt(map.maps[view.index], map.extent, pointOn(canvas, event));
    if (JSON.stringify(cell) === JSON.stringify(frame.cell)) return;
    frame.cell = cell;
    viewer.show();
  });
  canvas.addEventListener("pointerleave", () => {
    if (!frame.cell) return;
    frame.cell = null;
    viewer.show();
  });
}

// [figure, frame] of a view of the answer.
export function viewFigure(viewer, view) {
  const figure = make("figure", "cxr-view");
  figure.dataset.view = view.index ? "lateral" : "frontal";
  figure.style.setProperty("--shape", (view.width / view.height).toFixed(4));
  const head = make("figcaption"), share = make("b", "cxr-share");
  head.append(make("span", "", capital(viewName(view.name))), share);
  const picture = make("div", "cxr-picture"), image = make("img"), canvas = make("canvas");
  image.src = view.url;
  image.width = view.width;
  image.height = view.height;
  image.alt = text("{view} chest X-ray", { view: capital(viewName(view.name)) });
  image.draggable = false;
  canvas.setAttribute("role", "img");
  picture.append(image, canvas, outlineOf(viewer.answer.truth, view));
  (view.sides || []).forEach((letter, edge) => {
    const mark = make("b", edge ? "cxr-side cxr-side-right" : "cxr-side", letter);
    mark.setAttribute("aria-hidden", "true"); // the sentence under the picture says it
    picture.append(mark);
  });
  const reading = make("p", "cxr-reading");
  figure.append(head, picture, reading);
  if (view.convention) figure.append(make("p", "cxr-convention", view.convention));
  const frame = { view, picture, canvas, context: canvas.getContext("2d"), share, reading, cell: null };
  viewer.lens.listen(picture);
  follow(viewer, frame);
  return [figure, frame];
}

export function absentFigure(name) {
  const figure = make("figure", "cxr-view cxr-absent"), head = make("figcaption");
  head.append(make("span", "", capital(viewName(name))));
  figure.append(head, make("p", "", text("There is no {view} view. The model was told so, and looked at the other one alone.", { view: viewName(name) })));
  return figure;
}
