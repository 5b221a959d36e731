// Painting over a picture: which brush is chosen, round spots along the way of the pointer, rectangles.

import { cellsWithin } from "./pictures.js";

export function makeBrush(root, fills) {
  const find = (selector) => root.querySelector(selector);
  const inputs = root.querySelectorAll("input[data-brush]");
  inputs.forEach((input) => {
    input.name = "cxr-brush";
    // A finger scrolls the page until a brush is chosen.
    input.checked = input.value === (window.matchMedia("(pointer: coarse)").matches ? "hand" : "black");
  });
  const name = () => find("input[data-brush]:checked").value;
  const tellStyle = () => { root.dataset.brush = name(); };
  inputs.forEach((input) => input.addEventListener("change", tellStyle));
  tellStyle();
  return {
    paints: () => name() !== "hand",
    code: () => fills.indexOf(name()) + 1, // 0 erases
    radius: () => Number(find(".cxr-brush-size").value) / 200, // a share of the picture's width
  };
}

// A round spot: its size is a share of the picture's width, so that it is round on the screen.
function spot({ canvas, mask, grid }, brush, u, v) {
  const shape = canvas.width / canvas.height, radius = brush.radius(), fill = brush.code(), rows = radius * shape;
  const first = (from) => Math.max(Math.floor(from * grid), 0), last = (to) => Math.min(Math.floor(to * grid), grid - 1);
  for (let row = first(v - rows); row <= last(v + rows); row++)
    for (let column = first(u - radius); column <= last(u + radius); column++)
      if (Math.hypot((column + 0.5) / grid - u, ((row + 0.5) / grid - v) / shape) <= radius) mask[row * grid + column] = fill;
}

function stroke(sheet, brush, from, to) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) * sheet.grid));
  for (let step = 0; step <= steps; step++)
    spot(sheet, brush, from[0] + ((to[0] - from[0]) * step) / steps, from[1] + ((to[1] - from[1]) * step) / steps);
}

export function paintRectangle({ mask, grid }, sides, fill) {
  for (const cell of cellsWithin(grid, sides)) mask[cell] = fill;
}

// Without a pointer. In every tool a press is seen: without a brush it covers in black, and what is covered alike already
// is laid bare.
export function cover(sheet, brush, sides) {
  const there = cellsWithin(sheet.grid, sides).map((cell) => sheet.mask[cell]);
  let fill = brush.paints() ? brush.code() : 1;
  if (fill === 0 && !there.some(Boolean)) fill = 1;
  else if (there.every((cell) => cell === fill)) fill = 0;
  paintRectangle(sheet, sides, fill);
}

// `redraw` after every part of a stroke, `done` when it is over.
export function listenToPointer(sheet, brush, redraw, done) {
  const { canvas } = sheet;
  let last = null, drawn = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const paint = (to) => {
    stroke(sheet, brush, last, to);
    last = to;
    drawn ??= requestAnimationFrame(() => { drawn = null; redraw(); });
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!brush.paints() || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    paint(last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last && event.isPrimary) paint(at(event));
  });
  for (const end of ["pointerup", "pointercancel"])
    canvas.addEventListener(end, () => {
      if (!last) return;
      last = null;
      done();
    });
}
