// The changed pictures, drawn as captioner/images/perturbation.py changes them: what is painted is on the screen at once.

import { text } from "../shell/language.js";

const COARSE = 8; // fields along a side of the smudged picture

// Where each of `count` pixels lies between two of COARSE fields: [lower, upper, share of the upper].
const taps = (count) => Array.from({ length: count }, (_, at) => {
  const place = Math.min(Math.max(((at + 0.5) * COARSE) / count - 0.5, 0), COARSE - 1);
  const low = Math.floor(place);
  return [low, Math.min(low + 1, COARSE - 1), place - low];
});

// A picture that keeps light and dark only: its averages over COARSE x COARSE fields, stretched smoothly.
export function smudge(grey, width, height) {
  const sums = new Float64Array(COARSE * COARSE), counts = new Float64Array(COARSE * COARSE);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const field = Math.floor((y * COARSE) / height) * COARSE + Math.floor((x * COARSE) / width);
      sums[field] += grey[y * width + x];
      counts[field] += 1;
    }
  const means = sums.map((sum, field) => sum / counts[field]);
  const blur = new Uint8Array(width * height), across = taps(width), down = taps(height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, v] = down[y];
    for (let x = 0; x < width; x++) {
      const [left, right, u] = across[x];
      const above = means[top * COARSE + left] * (1 - u) + means[top * COARSE + right] * u;
      const below = means[bottom * COARSE + left] * (1 - u) + means[bottom * COARSE + right] * u;
      blur[y * width + x] = Math.round(above * (1 - v) + below * v);
    }
  }
  return blur;
}

// The cells of a mask of `grid` x `grid` in a rectangle of shares of the picture, top, left, bottom, right: their places.
export function cellsWithin(grid, [top, left, bottom, right]) {
  const found = [];
  for (let row = 0; row < grid; row++) {
    const v = (row + 0.5) / grid;
    if (v < top || v >= bottom) continue;
    for (let column = 0; column < grid; column++) {
      const u = (column + 0.5) / grid;
      if (u >= left && u < right) found.push(row * grid + column);
    }
  }
  return found;
}

// Brightness and contrast as a table: grey level 0..255 -> 0..255.
const levelsOf = ({ brightness, contrast }) =>
  Array.from({ length: 256 }, (_, level) => Math.min(Math.max(Math.round((level - 127.5) * contrast + 127.5 + brightness), 0), 255));

// The edge of what is painted: black on black and blur on plain ground are seen, too.
function drawEdges({ grid, mask, edge, cells }) {
  let path = "";
  const at = (row, column) => (row < 0 || column < 0 || row >= grid || column >= grid ? 0 : mask[row * grid + column]);
  for (let row = 0; row <= grid; row++)
    for (let column = 0; column <= grid; column++) {
      const here = at(row, column);
      if (here !== at(row - 1, column)) path += `M${column} ${row}h1`;
      if (here !== at(row, column - 1)) path += `M${column} ${row}v1`;
    }
  for (const line of edge.children) line.setAttribute("d", path);
  for (const { button, sides } of cells)
    button.setAttribute("aria-pressed", String(cellsWithin(grid, sides).every((cell) => mask[cell])));
}

// Draws a sheet (sheet.js) with its changes; `swap`: whether the two views change places.
export function render(sheet, swap) {
  const { canvas, grey, mask, context, image, grid } = sheet;
  if (!grey) return;
  const width = canvas.width, height = canvas.height;
  const levels = levelsOf(sheet), pixels = image.data;
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * grid) / height) * grid;
    for (let x = 0; x < width; x++, at++) {
      const fill = mask[row + Math.floor((x * grid) / width)];
      const from = sheet.mirrored ? y * width + width - 1 - x : at;
      let level = levels[grey[from]];
      if (sheet.presence !== "shown") level = 0;
      else if (fill) level = [0, sheet.mean, 255, sheet.blur[from]][fill - 1];
      pixels[at * 4] = pixels[at * 4 + 1] = pixels[at * 4 + 2] = level;
      pixels[at * 4 + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  drawEdges(sheet);
  sheet.figure.classList.toggle("cxr-left-out", sheet.presence === "absent");
  const given = sheet.name === "frontal" ? text("given as lateral") : text("given as frontal");
  sheet.note.textContent = sheet.presence === "absent" ? text("left out") : swap ? given : "";
}
