// One view to change: its picture and the controls beside it.

import { make, makeSvg } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { capital, decimal } from "../shell/wording.js";
import { cover, listenToPointer } from "./brush.js";
import { smudge } from "./pictures.js";

// What a sheet can be changed in besides its mask, and how it comes.
export const UNCHANGED = Object.freeze({ brightness: 0, contrast: 1, presence: "shown", mirrored: false });

export const untouched = (sheet) =>
  Object.entries(UNCHANGED).every(([name, value]) => sheet[name] === value) && !sheet.mask.some(Boolean);

function slider(sheet, act, label, [low, high, step], read, write, spell) {
  const control = make("label", "cxr-control"), head = make("span", "", label), value = make("output", "", spell(read()));
  const input = make("input");
  Object.assign(input, { type: "range", min: low, max: high, step, value: read() });
  head.append(value);
  control.append(head, input);
  input.setAttribute("aria-label", `${label}, ${text(sheet.name)}`);
  input.addEventListener("input", () => {
    write(Number(input.value));
    value.textContent = spell(Number(input.value));
    act.moved(sheet);
  });
  input.addEventListener("change", act.acted);
  sheet.refresh.push(() => { input.value = read(); value.textContent = spell(read()); });
  return control;
}

function presenceChoice(sheet, act) {
  const set = make("fieldset", "cxr-control cxr-choice"), kinds = { shown: text("as it is"), blank: text("blank") };
  if (sheet.name === "lateral") kinds.absent = text("left out");
  set.setAttribute("aria-label", text("The {name} view is", { name: text(sheet.name) }));
  for (const [kind, said] of Object.entries(kinds)) {
    const label = make("label"), input = make("input");
    Object.assign(input, { type: "radio", name: `cxr-presence-${sheet.name}`, value: kind, checked: kind === sheet.presence });
    input.addEventListener("change", () => { sheet.presence = kind; act.changed(sheet); });
    sheet.refresh.push(() => { input.checked = sheet.presence === kind; });
    label.append(input, make("span", "", said));
    set.append(label);
  }
  return set;
}

function mirror(sheet, act) {
  const label = make("label", "cxr-mirror"), input = make("input");
  input.type = "checkbox";
  label.append(input, make("span", "", text("mirrored")));
  input.setAttribute("aria-label", `${text("mirrored")}, ${text(sheet.name)}`);
  input.addEventListener("change", () => { sheet.mirrored = input.checked; act.changed(sheet); });
  sheet.refresh.push(() => { input.checked = sheet.mirrored; });
  return label;
}

// A rectangle by numbers; `coverSides` gets top, left, bottom, right as shares of the picture.
function byNumbers(sheet, coverSides) {
  const form = make("form", "cxr-by-numbers");
  const inputs = [[text("top"), 50], [text("left"), 0], [text("bottom"), 100], [text("right"), 50]].map(([side, value]) => {
    const label = make("label", "", side), input = make("input");
    Object.assign(input, { type: "number", min: 0, max: 100, step: 1, value, required: true });
    input.setAttribute("aria-label", text("{side}, percent of the {name} view", { side, name: text(sheet.name) }));
    label.append(input);
    form.append(label);
    return input;
  });
  form.append(make("button", "", text("Cover")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sides = inputs.map((input) => Number(input.value) / 100);
    inputs[2].setCustomValidity(sides[2] > sides[0] ? "" : text("The bottom must lie below the top."));
    inputs[3].setCustomValidity(sides[3] > sides[1] ? "" : text("The right must lie beyond the left."));
    if (form.reportValidity()) coverSides(sides);
  });
  form.addEventListener("input", () => inputs.forEach((input) => input.setCustomValidity("")));
  return form;
}

// Without a pointer: nine fields, or a rectangle by numbers.
function covering(sheet, brush, act, names) {
  const details = make("details", "cxr-cover");
  details.append(make("summary", "", text("Cover without a pointer")));
  const fields = make("div", "cxr-thirds");
  fields.setAttribute("role", "group");
  fields.setAttribute("aria-label", text("Cover a ninth of the {name} view", { name: text(sheet.name) }));
  const coverSides = (sides) => {
    cover(sheet, brush, sides);
    act.changed(sheet);
  };
  names.forEach((row, y) => row.forEach((name, x) => {
    const button = make("button"), sides = [y / 3, x / 3, (y + 1) / 3, (x + 1) / 3];
    button.type = "button";
    button.title = name;
    button.setAttribute("aria-label", text("Cover {place}, {name}", { place: name, name: text(sheet.name) }));
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => coverSides(sides));
    sheet.cells.push({ button, sides });
    fields.append(button);
  }));
  details.append(fields, make("p", "cxr-fine", text("Percent from the upper left corner of the picture:")), byNumbers(sheet, coverSides));
  return details;
}

function edgeOf(grid) {
  const svg = makeSvg("svg", { class: "cxr-edge", viewBox: `0 0 ${grid} ${grid}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (let layer = 0; layer < 2; layer++) svg.append(makeSvg("path"));
  return svg;
}

function load(sheet, url, loaded) {
  const { canvas, context } = sheet, picture = sheet.picture = new Image();
  picture.addEventListener("load", () => {
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    sheet.image = context.getImageData(0, 0, canvas.width, canvas.height);
    sheet.grey = new Uint8Array(canvas.width * canvas.height);
    for (let i = 0; i < sheet.grey.length; i++) sheet.grey[i] = sheet.image.data[i * 4];
    sheet.mean = Math.round(sheet.grey.reduce((sum, level) => sum + level, 0) / sheet.grey.length);
    sheet.blur = smudge(sheet.grey, canvas.width, canvas.height);
    loaded();
  });
  picture.src = url;
}

// A sheet for a view of the server's. `act` is told what was done: `moved` (a slider is on its way), `acted` (it has come
// to rest), `changed` (all at once), `redraw`.
export function makeSheet(view, grid, brush, act) {
  const figure = make("figure", "cxr-sheet"), head = make("figcaption"), note = make("span", "cxr-given");
  figure.dataset.view = view.name;
  figure.style.setProperty("--shape", (view.width / view.height).toFixed(4));
  head.append(make("span", "", capital(text(view.name))), note);
  const canvas = make("canvas");
  canvas.width = view.width;
  canvas.height = view.height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", text("{name} chest X-ray, as changed", { name: text(view.name) }));
  const sheet = {
    name: view.name, figure, note, canvas, context: canvas.getContext("2d", { willReadFrequently: true }), grey: null,
    grid, mask: new Uint8Array(grid * grid), ...UNCHANGED, refresh: [], edge: edgeOf(grid), cells: [],
  };
  load(sheet, view.url, () => act.redraw(sheet));
  const controls = make("div", "cxr-sheet-controls");
  controls.append(
    slider(sheet, act, text("Brightness"), [-100, 100, 5], () => sheet.brightness, (value) => { sheet.brightness = value; },
      (value) => (value > 0 ? `+${value}` : String(value).replace("-", "\u2212"))),
    slider(sheet, act, text("Contrast"), [-2, 2, 0.25], () => Math.log2(sheet.contrast), (value) => { sheet.contrast = 2 ** value; },
      (value) => `\u00d7${decimal(2 ** value)}`),
    presenceChoice(sheet, act),
    mirror(sheet, act),
    covering(sheet, brush, act, view.fields),
  );
  figure.append(head, canvas, sheet.edge, controls);
  listenToPointer(sheet, brush, () => act.redraw(sheet), () => act.painted(sheet));
  return sheet;
}
