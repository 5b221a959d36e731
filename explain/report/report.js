// Draws the maps of the report from the numbers in the file, by the rules of explain/heatmap.py.
// Every text is set as text, never as HTML.

"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const inferno = bytes(data.colours);
const FOR = [255, 154, 60], AGAINST = [77, 163, 255]; // of maps with two signs
const FINE = 128; // pixels of a smooth map before the browser stretches it

const buttons = [...document.querySelectorAll(".word")];
const frames = [...document.querySelectorAll(".view")].map((figure, index) => {
  const canvas = figure.querySelector("canvas");
  return { index, canvas, context: canvas.getContext("2d"), share: figure.querySelector(".share") };
});
const findingButtons = [...document.querySelectorAll(".finding")];
let chosen = 0;
let finding = null; // the number of a chosen finding, which takes the word's place on the pictures

const percent = (share) => (share > 0 && share < 0.005 ? "<1%" : share >= 0.995 && share < 1 ? ">99%" : `${Math.round(share * 100)}%`);
const withMinus = (written) => written.replace("-", /[1-9]/.test(written) ? "\u2212" : "");
const signed = (number) => withMinus(number.toFixed(2));

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// ---- numbers -------------------------------------------------------------------------------------------------------

const method = () => data.methods[Number(find("method").value) || 0];
const layer = () => (finding === null ? method() : data.findings.layer); // how the map that is shown is drawn
const mapOf = (number) => (method() ? method().words[number] : null);

// One view's map as an array of rows.
function grid(map, view) {
  const { rows, columns } = layer();
  map.numbers ??= new Float32Array(bytes(map.values).buffer);
  return Array.from({ length: rows }, (_, row) => {
    const start = (view * rows + row) * columns;
    return map.numbers.subarray(start, start + columns);
  });
}

// The four cells that colour each position along one axis, with their weights: the cubic of explain/heatmap.py.
function neighbours(count) {
  const held = (cell) => Math.min(Math.max(cell, 0), count - 1);
  return Array.from({ length: FINE }, (_, pixel) => {
    const position = Math.min(Math.max(((pixel + 0.5) / FINE) * count - 0.5, 0), count - 1);
    const lower = Math.floor(position), t = position - lower;
    const weights = [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t];
    return weights.map((weight, step) => [held(lower + step - 1), weight / 2]);
  });
}

const mix = (taps, values) => taps.reduce((sum, [cell, weight]) => sum + weight * values[cell], 0);

// Cells stretched to FINE x FINE values, held within their range.
function stretch(cells) {
  const across = neighbours(cells[0].length), down = neighbours(cells.length);
  let low = Infinity, high = -Infinity;
  for (const row of cells) {
    for (const value of row) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const rows = cells.map((row) => across.map((taps) => mix(taps, row))); // (rows, FINE)
  const columns = across.map((_, x) => rows.map((row) => row[x])); // (FINE, rows)
  return down.map((taps) => columns.map((column) => Math.min(Math.max(mix(taps, column), low), high)));
}

// ---- drawing -------------------------------------------------------------------------------------------------------

const sheet = document.createElement("canvas");
const sheetContext = sheet.getContext("2d", { willReadFrequently: true });

function colour(heat) {
  if (layer().signed) return heat < 0 ? AGAINST : FOR;
  const step = Math.round(heat * 255) * 3;
  return inferno.subarray(step, step + 3);
}

function draw(frame, map, top) {
  const { context, canvas, index } = frame;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!map || !(top > 0)) return;
  const raw = find("cells").value === "raw", opacity = find("opacity").value / 100;
  const cells = grid(map, index), values = raw ? cells : stretch(cells);
  sheet.width = values[0].length;
  sheet.height = values.length;
  const image = sheetContext.createImageData(sheet.width, sheet.height);
  let at = 0;
  for (const row of values) for (const value of row) {
    const heat = Math.min(Math.max(value / top, layer().signed ? -1 : 0), 1);
    image.data.set(colour(heat), at);
    image.data[at + 3] = Math.round(Math.abs(heat) * opacity * 255);
    at += 4;
  }
  sheetContext.putImageData(image, 0, 0);
  const [above, left, below, right] = layer().extent, { width, height } = canvas;
  context.imageSmoothingEnabled = !raw;
  context.imageSmoothingQuality = "high";
  context.drawImage(sheet, left * width, above * height, (right - left) * width, (below - above) * height);
}

function drawScale() {
  const canvas = find("scale"), context = canvas.getContext("2d"), { width, height } = canvas;
  canvas.hidden = !layer();
  if (!layer()) return;
  context.fillStyle = "#4a5552";
  context.fillRect(0, 0, width, height);
  for (let x = 0; x < width; x++) {
    const heat = layer().signed ? (2 * x) / (width - 1) - 1 : x / (width - 1);
    context.fillStyle = `rgba(${[...colour(heat)].join()}, ${(Math.abs(heat) * find("opacity").value) / 100})`;
    context.fillRect(x, 0, 1, height);
  }
  find("scale-low").textContent = layer().signed ? "against" : "0";
  const whole = find("over").value === "word" ? "strongest of this word" : "strongest of the impression";
  const strongest = finding === null ? whole : "strongest of this finding";
  find("scale-high").textContent = !layer().signed ? strongest : finding === null ? "for the word" : "for the finding";
}

// ---- the chosen word -----------------------------------------------------------------------------------------------

function sentences(map) {
  const what = finding === null ? "word" : "finding";
  if (!layer()) return ["There is no map."];
  if (!map) return [`This ${what} was not explained.`];
  if (!map.share) {
    return [map.top > 0 ? `Nothing on the pictures spoke for this ${what}.` : "The map is zero everywhere.", ...map.facts];
  }
  return [...map.said, ...map.facts];
}

function bar(name, share, strong) {
  const item = make("li", strong ? "chosen" : ""), length = make("i");
  length.style.width = `${Math.max(share * 100, 0.5)}%`;
  item.append(make("span", "", name), make("span", "", percent(share)), length);
  return item;
}

function show() {
  const entry = finding === null ? null : data.findings.entries[finding], word = data.words[chosen];
  drawScale();
  mark(entry);
  if (!entry && !word) return;
  const map = entry ? entry.map : mapOf(chosen);
  const whole = !entry && find("over").value === "impression" && method();
  const top = Math.max(0, ...(whole ? method().words : [map]).map((one) => (one ? one.top : 0)));
  const name = entry ? `the finding ${entry.name}` : `the word ${word.text}`;
  for (const frame of frames) {
    draw(frame, map, top);
    frame.share.textContent = map && map.share ? percent(map.share[frame.index]) : "";
    frame.canvas.setAttribute("aria-label", `${data.views[frame.index]}: map of ${name}${map ? `, ${map.said[frame.index]}` : ""}`);
  }
  document.querySelectorAll(".of-word").forEach((part) => { part.hidden = Boolean(entry); });
  find("evidence").hidden = Boolean(entry) || !word.evidence;
  find("where").replaceChildren(...[...(entry ? [entry.sentence] : []), ...sentences(map)].map((sentence) => make("li", "", sentence)));
  find("title").textContent = entry ? entry.title : word.text === "." ? "full stop" : word.text;
  find("probability").textContent = percent(entry ? entry.probability : Math.exp(word.log_prob));
  if (!entry) showWord(word);
}

// Words that state the chosen finding, and findings that the chosen word states.
function mark(entry) {
  buttons.forEach((button, number) => {
    button.setAttribute("aria-selected", String(!entry && number === chosen));
    button.tabIndex = number === chosen ? 0 : -1;
    button.classList.toggle("linked", Boolean(entry) && entry.words.includes(number));
  });
  findingButtons.forEach((button, number) => {
    button.setAttribute("aria-pressed", String(number === finding));
    button.classList.toggle("linked", !entry && data.findings.entries[number].words.includes(chosen));
  });
}

function showWord(word) {
  find("log-prob").textContent = signed(word.log_prob);
  find("alternatives").replaceChildren(...word.alternatives.map((other) => {
    const item = bar(other.text, Math.exp(other.log_prob), other.chosen);
    if (other.chosen) item.append(make("span", "unseen", "(chosen)"));
    return item;
  }));
  if (!word.evidence) return;
  find("verdict").textContent = word.evidence.verdict;
  find("verdict").className = word.evidence.guessed ? "guessed" : word.evidence.grounded ? "grounded" : "";
  find("shown").replaceChildren(...word.evidence.shown.map((one, row) => bar(one.name, one.probability, row === 0)));
}

function speak(map) {
  const heading = `${find("title").textContent}, ${find("probability").textContent}.`;
  find("spoken").textContent = [heading, ...sentences(map)].join(" ");
}

function choose(number, focus) {
  if (!buttons.length) return;
  chosen = Math.min(Math.max(number, 0), buttons.length - 1);
  finding = null;
  show();
  if (focus) buttons[chosen].focus({ preventScroll: false });
  speak(mapOf(chosen));
}

// A second press puts the word back.
function chooseFinding(number) {
  finding = finding === number ? null : number;
  show();
  document.querySelector(".stage").scrollIntoView({ block: "nearest" });
  speak(finding === null ? mapOf(chosen) : data.findings.entries[finding].map);
}

buttons.forEach((button, number) => button.addEventListener("click", () => choose(number, true)));
findingButtons.forEach((button, number) => button.addEventListener("click", () => chooseFinding(number)));
find("previous").addEventListener("click", () => choose(chosen - 1));
find("next").addEventListener("click", () => choose(chosen + 1));
for (const id of ["opacity", "over", "cells", "method"]) find(id).addEventListener("input", show);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, summary, .finding")) return;
  const within = event.target.closest("#words");
  const places = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1 };
  if (within) Object.assign(places, { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: buttons.length - 1 });
  if (!(event.key in places)) return;
  event.preventDefault();
  choose(places[event.key], Boolean(within));
});

addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));

// ---- the start -----------------------------------------------------------------------------------------------------

const options = data.methods.map((one, index) => Object.assign(make("option", "", one.title), { value: index }));
find("method").replaceChildren(...options);
find("method-control").hidden = data.methods.length < 2;

new ResizeObserver(() => {
  for (const { canvas } of frames) {
    const density = Math.min(devicePixelRatio || 1, 2), box = canvas.getBoundingClientRect();
    const width = Math.round(box.width * density), height = Math.round(box.height * density);
    if (!width || !height || (width === canvas.width && height === canvas.height)) continue;
    canvas.width = width;
    canvas.height = height;
  }
  show();
}).observe(document.querySelector(".views"));
show();
