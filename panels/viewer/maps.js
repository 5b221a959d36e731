// Maps of the word viewer: from a grid of cells to pixels on a canvas, by the rules of explain/heatmap.py.
// Nothing here knows the page.

const FINE = 112; // pixels of a smooth map before the browser stretches it
const LEVELS = [0.25, 0.5, 0.75]; // of the full strength: where contours run

const tables = {};

// The colour tables of explain/heatmap.py: name -> 768 bytes in base64.
export function useColours(encoded) {
  for (const [name, text] of Object.entries(encoded)) tables[name] ??= Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

const FOR = [255, 154, 60], AGAINST = [77, 163, 255]; // of maps with two signs, whichever colours are chosen

// The colour of a heat 0..1, or -1..1 where the map has two signs.
const shade = (colours, heat, signed) => {
  if (signed) return heat < 0 ? AGAINST : FOR;
  const step = Math.round(heat * 255) * 3;
  return tables[colours].subarray(step, step + 3);
};

export function largestCell(words) {
  let top = 0;
  for (const word of words)
    for (const grid of word.maps || []) for (const row of grid) for (const cell of row) if (cell > top) top = cell;
  return top;
}

// The four cells that colour each position along one axis, with their weights: as explain/heatmap.py, `_weights`.
function neighbours(count, pixels) {
  const held = (cell) => Math.min(Math.max(cell, 0), count - 1);
  return Array.from({ length: pixels }, (_, pixel) => {
    const position = Math.min(Math.max(((pixel + 0.5) / pixels) * count - 0.5, 0), count - 1);
    const lower = Math.floor(position), t = position - lower;
    const weights = [(((2 - t) * t - 1) * t) / 2, ((3 * t - 5) * t * t + 2) / 2, (((4 - 3 * t) * t + 1) * t) / 2, ((t - 1) * t * t) / 2];
    return weights.map((weight, step) => [held(lower + step - 1), weight]);
  });
}

const mix = (taps, values) => taps.reduce((sum, [cell, weight]) => sum + weight * values[cell], 0);

// A grid stretched to FINE x FINE values, held within the range of its cells.
function stretch(grid) {
  const across = neighbours(grid[0].length, FINE), down = neighbours(grid.length, FINE);
  const cells = grid.flat(), low = Math.min(...cells), high = Math.max(...cells);
  const rows = grid.map((row) => across.map((taps) => mix(taps, row))); // (rows, FINE)
  const columns = across.map((_, x) => rows.map((row) => row[x])); // (FINE, rows)
  return down.map((taps) => columns.map((column) => Math.min(Math.max(mix(taps, column), low), high)));
}

const sheet = document.createElement("canvas");
const sheetContext = sheet.getContext("2d", { willReadFrequently: true });

// One pixel a value on the sheet, coloured and made opaque by its strength.
function paintSheet(values, { top, colours, opacity, signed }) {
  const height = values.length, width = values[0].length;
  sheet.width = width;
  sheet.height = height;
  const image = sheetContext.createImageData(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const heat = top > 0 ? Math.max(Math.min(values[y][x] / top, 1), signed ? -1 : 0) : 0;
      image.data.set(shade(colours, heat, signed), at);
      image.data[at + 3] = Math.round(Math.abs(heat) * opacity * 255);
    }
  }
  sheetContext.putImageData(image, 0, 0);
}

// The lines where `values` pass `level`, square by square (marching squares), as [x1, y1, x2, y2] in steps of `values`.
function contour(values, level) {
  const lines = [];
  const crossing = (a, b) => (level - a) / (b - a);
  for (let y = 0; y + 1 < values.length; y++) {
    for (let x = 0; x + 1 < values[0].length; x++) {
      const [nw, ne, sw, se] = [values[y][x], values[y][x + 1], values[y + 1][x], values[y + 1][x + 1]];
      const points = [];
      if (nw < level !== ne < level) points.push([x + crossing(nw, ne), y]);
      if (ne < level !== se < level) points.push([x + 1, y + crossing(ne, se)]);
      if (sw < level !== se < level) points.push([x + crossing(sw, se), y + 1]);
      if (nw < level !== sw < level) points.push([x, y + crossing(nw, sw)]);
      for (let i = 0; i + 1 < points.length; i += 2) lines.push([...points[i], ...points[i + 1]]);
    }
  }
  return lines;
}

function drawContours(context, values, box, { top, colours, opacity, signed }, levels = LEVELS, tone = (level) => 0.35 + 0.65 * level) {
  const across = box.width / values[0].length, down = box.height / values.length;
  for (const level of signed ? [...levels.map((level) => -level), ...levels] : levels) {
    const path = new Path2D();
    for (const [x1, y1, x2, y2] of contour(values, level * top)) {
      path.moveTo(box.x + (x1 + 0.5) * across, box.y + (y1 + 0.5) * down);
      path.lineTo(box.x + (x2 + 0.5) * across, box.y + (y2 + 0.5) * down);
    }
    const width = Math.max(1.5, context.canvas.width / 260);
    context.globalAlpha = opacity;
    context.lineCap = "round";
    context.strokeStyle = "#000"; // a dark edge: seen on white bone as well as on black air
    context.lineWidth = width * 2.2;
    context.stroke(path);
    context.strokeStyle = `rgb(${shade(colours, signed ? level : tone(level), signed).join()})`;
    context.lineWidth = width;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

// Draw a grid over the part of a canvas that it covers. `style`: top (what counts as full strength), colours, opacity,
// cells ("smooth", "raw" or "contour"), signed (whether what is negative is drawn too); `marked`: the cell to outline, or null.
export function drawMap(context, grid, [top, left, bottom, right], style, marked) {
  const { width, height } = context.canvas;
  const box = { x: left * width, y: top * height, width: (right - left) * width, height: (bottom - top) * height };
  if (style.cells === "contour") {
    if (style.top > 0) drawContours(context, stretch(grid), box, style);
  } else {
    const values = style.cells === "raw" ? grid : stretch(grid);
    paintSheet(values, style);
    context.imageSmoothingEnabled = style.cells !== "raw";
    context.imageSmoothingQuality = "high";
    context.drawImage(sheet, box.x, box.y, box.width, box.height);
    // The middle of cividis is as grey as film: an edge in its lightest colour says where the map begins.
    if (style.colours === "cividis" && style.cells === "smooth" && !style.signed && style.top > 0)
      drawContours(context, values, box, style, [LEVELS[0]], () => 1);
  }
  if (marked) {
    const across = box.width / grid[0].length, down = box.height / grid.length;
    context.strokeStyle = "rgba(255, 255, 255, 0.9)";
    context.lineWidth = Math.max(1, width / 400);
    context.strokeRect(box.x + marked.column * across, box.y + marked.row * down, across, down);
  }
}

// The colours and their opacity, weak to strong (or against to for), over the middle grey of a picture.
export function drawScale(context, { colours, opacity, signed }) {
  const { width, height } = context.canvas;
  context.fillStyle = "#4a5552";
  context.fillRect(0, 0, width, height);
  for (let x = 0; x < width; x++) {
    const heat = signed ? (2 * x) / (width - 1) - 1 : x / (width - 1);
    context.fillStyle = `rgba(${shade(colours, heat, signed).join()}, ${Math.abs(heat) * opacity})`;
    context.fillRect(x, 0, 1, height);
  }
}
