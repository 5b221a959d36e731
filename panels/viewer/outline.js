// The edge of what was planted in an example, over picture and map. It comes after the first look: with the second word or
// study that a visitor chooses, unless it was switched off.

import { makeSvg } from "../shell/elements.js";
import { text } from "../shell/language.js";

const KEPT = "cxr-outline";

// An SVG for one view; without a shape where nothing is planted.
export function outlineOf(truth, view) {
  const svg = makeSvg("svg", { class: "cxr-planted-edge", viewBox: "0 0 1 1", preserveAspectRatio: "none" });
  svg.setAttribute("aria-hidden", "true"); // the sentence beside the impression says what was planted
  const name = view.index && view.name !== "lateral" ? "frontal" : view.name;
  for (const finding of truth.planted)
    for (const shape of finding[name] || [])
      for (const layer of ["cxr-under", "cxr-over"]) // light on dark: seen on air and on bone
        svg.append(makeSvg("polygon", { points: shape.map((point) => point.join()).join(" "), class: layer }));
  return svg;
}

export function addOutline(viewer) {
  const { root, find } = viewer;
  let outline = null; // null: not decided yet
  try { outline = { on: true, off: false }[localStorage.getItem(KEPT)] ?? null; } catch { /* no leave to keep anything */ }

  function showOutline(on, remember = false) {
    outline = on;
    root.classList.toggle("cxr-with-outline", Boolean(on));
    find(".cxr-outline").checked = Boolean(on);
    if (!remember) return;
    try { localStorage.setItem(KEPT, on ? "on" : "off"); } catch { /* no leave to keep anything */ }
    viewer.say(on ? text("The outline of the planted finding is shown.") : text("The outline is hidden."));
  }

  viewer.toggleOutline = () => showOutline(!outline, true);
  viewer.firstLookOver = () => {
    if (outline === null && viewer.answer.state === "caption") showOutline(true);
  };
  find(".cxr-outline").addEventListener("change", (event) => showOutline(event.target.checked, true));
  showOutline(outline);
}
