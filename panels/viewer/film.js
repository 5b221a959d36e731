// Window and level of the film, as at a light box: which grey becomes the middle, and how wide a range is spread from black
// to white. For looking only: the model read the pictures as they came, and the maps over them stay as they are.

import { makeSvg } from "../shell/elements.js";
import { number, text } from "../shell/language.js";

const FULL = { level: 50, window: 100 }; // percent of the range from black to white
const DRAG = 0.4; // percent for a pixel of the pointer's way

let filters = 0; // filters are named across the page

export function addFilm(viewer) {
  const { root, find } = viewer;
  const inputs = { level: find(".cxr-level"), window: find(".cxr-window") };
  const name = `cxr-film-${++filters}`;
  // out = (in - (level - window / 2)) / window, on the grey values as they are stored.
  const channels = ["feFuncR", "feFuncG", "feFuncB"].map((channel) => makeSvg(channel, { type: "linear", slope: 1, intercept: 0 }));
  const svg = makeSvg("svg", { width: 0, height: 0, "aria-hidden": "true", class: "cxr-film-filter" });
  const filter = makeSvg("filter", { id: name, "color-interpolation-filters": "sRGB", x: 0, y: 0, width: 1, height: 1 });
  const transfer = makeSvg("feComponentTransfer");
  transfer.append(...channels);
  filter.append(transfer);
  svg.append(filter);
  root.append(svg);

  const value = (key) => Number(inputs[key].value);
  const changed = () => Object.entries(FULL).some(([key, full]) => value(key) !== full);

  function apply() {
    const width = value("window") / 100, slope = 1 / width, intercept = 0.5 - (value("level") / 100) * slope;
    for (const channel of channels) {
      channel.setAttribute("slope", slope);
      channel.setAttribute("intercept", intercept);
    }
    for (const key of Object.keys(inputs)) find(`.cxr-${key}-value`).textContent = number(`${value(key)}%`);
    for (const { picture } of viewer.frames) picture.querySelector("img").style.filter = changed() ? `url(#${name})` : "";
    find(".cxr-film-reset").disabled = !changed();
  }

  function set(values) {
    for (const [key, next] of Object.entries(values)) inputs[key].value = next; // the slider keeps it in its range
    apply();
  }

  // Across: the window; down: the level, darker. Without Shift a drag moves the picture or asks about a place.
  function listen({ canvas }) {
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      canvas.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, level: value("level"), window: value("window") };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      event.stopPropagation();
      set({ level: from.level + (event.clientY - from.y) * DRAG, window: from.window + (event.clientX - from.x) * DRAG });
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { from = null; });
  }

  for (const input of Object.values(inputs)) input.addEventListener("input", apply);
  find(".cxr-film-reset").addEventListener("click", () => {
    set(FULL);
    inputs.level.focus();
    viewer.say(text("The film is as it came."));
  });

  viewer.on("leave", () => set(FULL));
  viewer.on("receive", () => viewer.frames.forEach(listen));
}
