// The panel of changed pictures in the browser. Run once by gr.HTML with: element, trigger, props, watch; after GRID and
// FILLS (panels/what_if.py). The pictures are changed here as captioner/intervene.py changes them, so that what is
// painted is on the screen at once; the model is asked when a stroke or a slider comes to rest.

const root = element.querySelector(".cxr-what-if");
const find = (selector) => root.querySelector(selector);
const percent = (share) => (share > 0 && share < 0.005 ? "<1%" : `${Math.round(share * 100)}%`);
const signed = (number) => number.toFixed(2).replace("-", "\u2212");
const shownWord = (text) => (text === "(end)" ? "end of impression" : text === "." ? "full stop" : text);

const PAUSE = 120; // milliseconds of rest before the model is asked
const COARSE = 8;
const THIRDS = ["upper", "middle", "lower"], SIDES = ["left", "middle", "right"];

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

let study = null; // which study and search the sheets hold
let sheets = []; // one a view: { name, canvas, grey, blur, mean, mask, brightness, contrast, presence }
let swap = false, typed = "", whose = "before", answer = null;
let undo = []; // masks before each stroke: [[view, mask], ...]
let waiting = null;

root.querySelectorAll("input[data-brush]").forEach((input) => {
  input.name = "cxr-brush";
  // A finger scrolls the page until a brush is chosen.
  input.checked = input.value === (window.matchMedia("(pointer: coarse)").matches ? "hand" : "black");
});
const brush = () => find("input[data-brush]:checked").value;
const code = () => FILLS.indexOf(brush()) + 1; // 0 erases

// ---- the pictures ----------------------------------------------------------------------------------------------------

// A picture that keeps light and dark only: its averages over COARSE x COARSE fields, stretched smoothly.
function smudge(grey, width, height) {
  const small = document.createElement("canvas"), large = document.createElement("canvas");
  const sums = new Float64Array(COARSE * COARSE), counts = new Float64Array(COARSE * COARSE);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const field = Math.floor((y * COARSE) / height) * COARSE + Math.floor((x * COARSE) / width);
      sums[field] += grey[y * width + x];
      counts[field] += 1;
    }
  const means = sums.map((sum, field) => sum / counts[field]);
  const blur = new Uint8Array(width * height);
  const taps = (count) => Array.from({ length: count }, (_, at) => {
    const place = Math.min(Math.max(((at + 0.5) * COARSE) / count - 0.5, 0), COARSE - 1);
    const low = Math.floor(place);
    return [low, Math.min(low + 1, COARSE - 1), place - low];
  });
  const across = taps(width), down = taps(height);
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

function render(sheet) {
  const { canvas, grey, mask, context, image } = sheet;
  if (!grey) return;
  const width = canvas.width, height = canvas.height;
  const levels = Array.from({ length: 256 }, (_, level) => Math.min(Math.max(Math.round((level - 127.5) * sheet.contrast + 127.5 + sheet.brightness), 0), 255));
  const pixels = image.data;
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * GRID) / height) * GRID;
    for (let x = 0; x < width; x++, at++) {
      const fill = mask[row + Math.floor((x * GRID) / width)];
      let level = levels[grey[at]];
      if (sheet.presence !== "shown") level = 0;
      else if (fill) level = [0, sheet.mean, 255, sheet.blur[at]][fill - 1];
      pixels[at * 4] = pixels[at * 4 + 1] = pixels[at * 4 + 2] = level;
      pixels[at * 4 + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  sheet.figure.classList.toggle("cxr-left-out", sheet.presence === "absent");
  sheet.note.textContent = sheet.presence === "absent" ? "left out" : swap ? `given as ${sheet.name === "frontal" ? "lateral" : "frontal"}` : "";
}

const renderAll = () => sheets.forEach(render);

// ---- asking the model ------------------------------------------------------------------------------------------------

function encoded(mask) {
  let text = "";
  for (let i = 0; i < mask.length; i += 4096) text += String.fromCharCode(...mask.subarray(i, i + 4096));
  return btoa(text);
}

const untouched = (sheet) => sheet.brightness === 0 && sheet.contrast === 1 && sheet.presence === "shown" && !sheet.mask.some(Boolean);

function request() {
  const asked = { study, swap, text: typed };
  for (const sheet of sheets) {
    if (untouched(sheet)) continue;
    asked[sheet.name] = { brightness: sheet.brightness, contrast: sheet.contrast, presence: sheet.presence };
    if (sheet.mask.some(Boolean)) asked[sheet.name].mask = encoded(sheet.mask);
  }
  return asked;
}

function ask(pause = PAUSE) {
  find(".cxr-undo").disabled = !undo.length;
  find(".cxr-reset").disabled = sheets.every(untouched) && !swap;
  clearTimeout(waiting);
  find(".cxr-found").setAttribute("aria-busy", "true");
  waiting = setTimeout(() => trigger("changed", request()), pause);
}

function keep() {
  undo.push(sheets.map((sheet) => sheet.mask.slice()));
  if (undo.length > 40) undo.shift();
}

// ---- painting --------------------------------------------------------------------------------------------------------

// A round spot: its size is a share of the picture's width, so that it is round on the screen.
function spot(sheet, u, v) {
  const { canvas, mask } = sheet, shape = canvas.width / canvas.height;
  const radius = Number(find(".cxr-brush-size").value) / 200, fill = code();
  const rows = radius * shape;
  for (let row = Math.max(Math.floor((v - rows) * GRID), 0); row <= Math.min(Math.floor((v + rows) * GRID), GRID - 1); row++)
    for (let column = Math.max(Math.floor((u - radius) * GRID), 0); column <= Math.min(Math.floor((u + radius) * GRID), GRID - 1); column++)
      if (Math.hypot((column + 0.5) / GRID - u, ((row + 0.5) / GRID - v) / shape) <= radius) mask[row * GRID + column] = fill;
}

function stroke(sheet, from, to) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) * GRID));
  for (let step = 0; step <= steps; step++)
    spot(sheet, from[0] + ((to[0] - from[0]) * step) / steps, from[1] + ((to[1] - from[1]) * step) / steps);
}

function listen(sheet) {
  let last = null, drawn = null;
  const at = (event) => {
    const box = sheet.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const paint = (to) => {
    stroke(sheet, last, to);
    last = to;
    drawn ??= requestAnimationFrame(() => { drawn = null; render(sheet); });
  };
  sheet.canvas.addEventListener("pointerdown", (event) => {
    if (brush() === "hand" || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    sheet.canvas.setPointerCapture(event.pointerId);
    keep();
    last = at(event);
    paint(last);
  });
  sheet.canvas.addEventListener("pointermove", (event) => {
    if (last && event.isPrimary) paint(at(event));
  });
  for (const end of ["pointerup", "pointercancel"])
    sheet.canvas.addEventListener(end, () => {
      if (!last) return;
      last = null;
      ask();
    });
}

function rectangle(sheet, top, left, bottom, right, fill) {
  for (let row = 0; row < GRID; row++) {
    const v = (row + 0.5) / GRID;
    if (v < top || v >= bottom) continue;
    for (let column = 0; column < GRID; column++) {
      const u = (column + 0.5) / GRID;
      if (u >= left && u < right) sheet.mask[row * GRID + column] = fill;
    }
  }
}

// ---- the controls of one view ----------------------------------------------------------------------------------------

function slider(sheet, label, low, high, step, read, write, spell) {
  const control = make("label", "cxr-control"), head = make("span", "", label), value = make("output", "", spell(read()));
  const input = make("input");
  Object.assign(input, { type: "range", min: low, max: high, step, value: read() });
  head.append(value);
  control.append(head, input);
  input.setAttribute("aria-label", `${label}, ${sheet.name}`);
  input.addEventListener("input", () => {
    write(Number(input.value));
    value.textContent = spell(Number(input.value));
    render(sheet);
    ask();
  });
  sheet.refresh.push(() => { input.value = read(); value.textContent = spell(read()); });
  return control;
}

function presenceChoice(sheet) {
  const set = make("fieldset", "cxr-control cxr-choice"), kinds = { shown: "as it is", blank: "blank" };
  if (sheet.name === "lateral") kinds.absent = "left out";
  set.setAttribute("aria-label", `The ${sheet.name} view is`);
  for (const [kind, text] of Object.entries(kinds)) {
    const label = make("label"), input = make("input");
    Object.assign(input, { type: "radio", name: `cxr-presence-${sheet.name}`, value: kind, checked: kind === sheet.presence });
    input.addEventListener("change", () => { sheet.presence = kind; renderAll(); ask(); });
    sheet.refresh.push(() => { input.checked = sheet.presence === kind; });
    label.append(input, make("span", "", text));
    set.append(label);
  }
  return set;
}

// Without a pointer: nine fields, or a rectangle by numbers.
function covering(sheet) {
  const details = make("details", "cxr-cover");
  details.append(make("summary", "", "Cover without a pointer"));
  const fields = make("div", "cxr-thirds");
  fields.setAttribute("role", "group");
  fields.setAttribute("aria-label", `Cover a ninth of the ${sheet.name} view`);
  const cover = (sides) => {
    keep();
    rectangle(sheet, ...sides, brush() === "hand" ? 1 : code());
    render(sheet);
    ask();
  };
  THIRDS.forEach((row, y) => SIDES.forEach((column, x) => {
    const button = make("button");
    button.type = "button";
    button.title = `${row} ${column} of the picture`;
    button.setAttribute("aria-label", `Cover the ${row} ${column}, ${sheet.name}`);
    button.addEventListener("click", () => cover([y / 3, x / 3, (y + 1) / 3, (x + 1) / 3]));
    fields.append(button);
  }));
  const form = make("form", "cxr-by-numbers");
  const inputs = [["top", 50], ["left", 0], ["bottom", 100], ["right", 50]].map(([side, value]) => {
    const label = make("label", "", side), input = make("input");
    Object.assign(input, { type: "number", min: 0, max: 100, step: 1, value, required: true });
    input.setAttribute("aria-label", `${side}, percent of the ${sheet.name} view`);
    label.append(input);
    form.append(label);
    return input;
  });
  form.append(make("button", "", "Cover"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sides = inputs.map((input) => Number(input.value) / 100);
    inputs[2].setCustomValidity(sides[2] > sides[0] ? "" : "The bottom must lie below the top.");
    inputs[3].setCustomValidity(sides[3] > sides[1] ? "" : "The right must lie beyond the left.");
    if (form.reportValidity()) cover(sides);
  });
  form.addEventListener("input", () => inputs.forEach((input) => input.setCustomValidity("")));
  details.append(fields, make("p", "cxr-fine", "Percent from the upper left corner of the picture:"), form);
  return details;
}

function sheetOf(view) {
  const figure = make("figure", "cxr-sheet"), head = make("figcaption"), note = make("span", "cxr-given");
  figure.dataset.view = view.name;
  figure.style.setProperty("--shape", (view.width / view.height).toFixed(4));
  head.append(make("span", "", view.name.charAt(0).toUpperCase() + view.name.slice(1)), note);
  const canvas = make("canvas");
  canvas.width = view.width;
  canvas.height = view.height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${view.name} chest X-ray, as changed`);
  const sheet = {
    name: view.name, figure, note, canvas, context: canvas.getContext("2d", { willReadFrequently: true }), grey: null,
    mask: new Uint8Array(GRID * GRID), brightness: 0, contrast: 1, presence: "shown", refresh: [],
  };
  const picture = new Image();
  picture.addEventListener("load", () => {
    sheet.context.drawImage(picture, 0, 0, view.width, view.height);
    sheet.image = sheet.context.getImageData(0, 0, view.width, view.height);
    sheet.grey = new Uint8Array(view.width * view.height);
    for (let i = 0; i < sheet.grey.length; i++) sheet.grey[i] = sheet.image.data[i * 4];
    sheet.mean = Math.round(sheet.grey.reduce((sum, level) => sum + level, 0) / sheet.grey.length);
    sheet.blur = smudge(sheet.grey, view.width, view.height);
    render(sheet);
  });
  picture.src = view.url;
  const controls = make("div", "cxr-sheet-controls");
  controls.append(
    slider(sheet, "Brightness", -100, 100, 5, () => sheet.brightness, (value) => { sheet.brightness = value; },
      (value) => (value > 0 ? `+${value}` : String(value).replace("-", "\u2212"))),
    slider(sheet, "Contrast", -2, 2, 0.25, () => Math.log2(sheet.contrast), (value) => { sheet.contrast = 2 ** value; },
      (value) => `\u00d7${(2 ** value).toFixed(2)}`),
    presenceChoice(sheet),
    covering(sheet),
  );
  figure.append(head, canvas, controls);
  listen(sheet);
  return sheet;
}

// ---- the answer ------------------------------------------------------------------------------------------------------

function token(text, label) {
  const node = make("span", text === "." ? "cxr-token cxr-stop" : "cxr-token", text);
  if (label) node.dataset.search = label;
  return node;
}

function impressions(value) {
  const both = find(".cxr-both");
  if (value.before === value.after) return both.replaceChildren(...value.before.split(" ").filter(Boolean).map((word) => token(word)));
  const words = [value.before.split(" "), value.after.split(" ")];
  both.replaceChildren(...value.alignment.map(({ before, after, same }) => {
    const column = make("div", same ? "cxr-column" : "cxr-column cxr-differs");
    [before, after].forEach((place, row) => {
      if (place === null) column.append(make("span", "cxr-gap", "\u2013"));
      else column.append(token(words[row][place], same ? "" : ["before", "after"][row]));
    });
    return column;
  }));
}

const NAMES = { before: "old words", after: "new words", typed: "your words" };

function bars(value) {
  const text = value.texts.find((one) => one.whose === whose) || value.texts[0];
  find(".cxr-bars tbody").replaceChildren(...text.words.map((word) => {
    const row = make("tr"), name = make("th", word.text === "(end)" ? "cxr-end" : "", shownWord(word.text));
    name.scope = "row";
    const cell = make("td"), pair = make("div", "cxr-pair-bars"), was = make("i", "cxr-was"), is = make("i", "cxr-is");
    was.style.width = `${Math.max(word.before * 100, 0.5)}%`;
    is.style.width = `${Math.max(word.after * 100, 0.5)}%`;
    pair.append(was, is);
    const moved = Math.abs(word.after - word.before) >= 0.05;
    cell.append(pair, make("span", moved ? "cxr-moved" : "", value.changed ? `${percent(word.before)} \u2192 ${percent(word.after)}` : percent(word.before)));
    row.append(name, cell);
    return row;
  }));
  find(".cxr-totals").textContent = `Log probability of the whole: ${signed(text.log_prob.before)}${value.changed ? ` before, ${signed(text.log_prob.after)} after` : ""}.`;
}

function choices(value) {
  const set = find(".cxr-whose"), there = value.texts.map((text) => text.whose);
  if (!there.includes(whose)) whose = there[0];
  set.hidden = there.length < 2;
  set.replaceChildren(...there.map((name) => {
    const label = make("label"), input = make("input");
    Object.assign(input, { type: "radio", name: "cxr-whose", checked: name === whose });
    input.addEventListener("change", () => { whose = name; bars(answer); });
    label.append(input, make("span", "", NAMES[name]));
    return label;
  }));
}

function results(value) {
  answer = value;
  find(".cxr-found").removeAttribute("aria-busy");
  find(".cxr-sentence").textContent = value.sentence;
  find(".cxr-which-bar").hidden = !value.changed;
  root.classList.toggle("cxr-still", !value.changed);
  impressions(value);
  choices(value);
  bars(value);
}

function reset() {
  for (const sheet of sheets) {
    sheet.mask.fill(0);
    Object.assign(sheet, { brightness: 0, contrast: 1, presence: "shown" });
    sheet.refresh.forEach((refresh) => refresh());
  }
  swap = false;
  find(".cxr-swap").setAttribute("aria-pressed", "false");
  renderAll();
}

// A lesson leaves its changes here, for the example that it has asked for: { example, changes }.
function takeLesson(value) {
  const left = window.cxrWhatIf;
  if (!left || left.example !== value.example) return;
  window.cxrWhatIf = null;
  keep();
  reset();
  for (const sheet of sheets) {
    const asked = left.changes[sheet.name] || {};
    sheet.presence = asked.presence || "shown";
    for (const { top, left: from, bottom, right, fill } of asked.paint || []) rectangle(sheet, top, from, bottom, right, FILLS.indexOf(fill) + 1);
    sheet.refresh.forEach((refresh) => refresh());
  }
  renderAll();
  ask(0);
}

function receive() {
  const value = props.value || { state: "empty" };
  find(".cxr-empty").hidden = value.state !== "empty";
  find(".cxr-refusal").hidden = value.state !== "refused";
  find(".cxr-refusal").textContent = value.state === "refused" ? value.message : "";
  find(".cxr-bench").hidden = value.state === "empty" || (value.state === "refused" && !sheets.length);
  if (value.state === "empty") { study = null; return; }
  if (value.views && value.study !== study) {
    study = value.study;
    undo = [];
    swap = false;
    find(".cxr-swap").setAttribute("aria-pressed", "false");
    find(".cxr-swap").hidden = value.views.length < 2;
    sheets = value.views.map(sheetOf);
    find(".cxr-sheets").replaceChildren(...sheets.map((sheet) => sheet.figure));
    if (typed && value.state === "caption") ask(0);
  } else if (value.study !== study) return trigger("wanted", {}); // this part of the page was built anew
  else if (value.views && value.state === "caption" && (typed || swap || !sheets.every(untouched))) return void (takeLesson(value), ask(0));
  if (value.state !== "caption") return find(".cxr-found").removeAttribute("aria-busy");
  results(value);
  find(".cxr-undo").disabled = !undo.length;
  find(".cxr-reset").disabled = sheets.every(untouched) && !swap;
  takeLesson(value);
}

// ---- listening -------------------------------------------------------------------------------------------------------

find(".cxr-undo").addEventListener("click", () => {
  const masks = undo.pop();
  if (!masks) return;
  masks.forEach((mask, index) => sheets[index].mask.set(mask));
  renderAll();
  ask(0);
});
find(".cxr-reset").addEventListener("click", () => { keep(); reset(); ask(0); });
find(".cxr-swap").addEventListener("click", (event) => {
  swap = !swap;
  event.currentTarget.setAttribute("aria-pressed", String(swap));
  renderAll();
  ask(0);
});
find(".cxr-type").addEventListener("submit", (event) => {
  event.preventDefault();
  typed = find("textarea").value.trim();
  find(".cxr-forget").hidden = !typed;
  whose = typed ? "typed" : "before";
  ask(0);
});
find(".cxr-forget").addEventListener("click", () => {
  find("textarea").value = typed = "";
  find(".cxr-forget").hidden = true;
  ask(0);
});
root.querySelectorAll("input[data-brush]").forEach((input) => input.addEventListener("change", () => { root.dataset.brush = brush(); }));
root.dataset.brush = brush();

function wanted() {
  if (!element.isConnected) return document.removeEventListener("cxr-answer", wanted);
  if (root.offsetParent) trigger("wanted", {});
}
document.addEventListener("cxr-answer", wanted);

watch("value", receive);
if (props.value && props.value.state !== "empty") receive();
