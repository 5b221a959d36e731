// The answer of a case: student, model and truth together, on both views and in words. `result` is what explain/quiz.py
// `as_dict` gives.

import { make } from "../shell/elements.js";
import { percent } from "../shell/wording.js";
import { drawMap } from "../viewer/maps.js";
import { outlineOf } from "../viewer/outline.js";
import { fieldAt, pinAt } from "./marking_film.js";

const STYLE = { signed: false, colours: "inferno", opacity: 0.6, cells: "smooth" };
const VIEWS = ["frontal", "lateral"]; // in the order of the maps

// A switch for a layer of the film; `set(on)` is called at once, too.
function layer(text, on, set, pin = "") {
  const label = make("label"), input = make("input");
  input.type = "checkbox";
  input.checked = on;
  input.addEventListener("change", () => set(input.checked));
  label.append(input, ...(pin ? [make("i", "cxr-key")] : []), make("span", "", text));
  if (pin) label.querySelector("i").dataset.kind = pin;
  set(on);
  return label;
}

// Draws the answer over the film, and its switches into `place`.
export function drawAnswer(film, result, place) {
  film.lock();
  const top = Math.max(...(result.maps || []).flat(2), 0);
  for (const frame of film.frames) {
    const { view } = frame, at = result.model.points[view.name];
    frame.layer.replaceChildren(outlineOf(result, view), ...(at ? [pinAt(at, "model")] : []));
    const told = [`You: ${result.student.said[view.name]}.`];
    if (at) told.push(`The model: ${fieldAt(view, at)}, ${result.model.said[view.name]}.`);
    frame.say(told.join(" "));
  }
  const showMap = (on) => {
    for (const frame of film.frames) {
      const map = result.maps?.[VIEWS.indexOf(frame.view.name)];
      frame.drawWith(on && map ? (context) => drawMap(context, map, result.extent, { ...STYLE, top }, null) : null);
    }
  };
  const show = (name) => (on) => film.node.classList.toggle(name, on);
  const switches = [];
  if (result.planted.length) switches.push(layer("What was planted", true, show("cxr-with-planted"), "planted"));
  if (result.maps) switches.push(layer("The model\u2019s map", true, showMap), layer("Its strongest place", true, show("cxr-with-model"), "model"));
  switches.push(layer("Your mark", true, show("cxr-with-own"), "own"));
  place.replaceChildren(...switches);
  place.hidden = false;
}

function card(kind, title, sentence, lines) {
  const made = make("article", "cxr-quiz-card");
  made.dataset.kind = kind;
  made.append(make("h3", "", title), make("p", "cxr-quiz-sentence", sentence), ...lines.filter(Boolean).map((line) => make("p", "cxr-fine", line)));
  return made;
}

// How many marks were inside; what is said of each stands under its view.
function places(result, who) {
  const [inside, of] = result[who].inside;
  return of ? `Inside the outline on ${inside} of ${of} ${of === 1 ? "view" : "views"}.` : "";
}

const shares = (found) => Object.entries(found).map(([view, share]) => `${view} ${percent(share)}`).join(", ");

// The answer in words: cards of what is true, of the student and of the model; `last`: no case is left.
export function tellAnswer(place, result, last, goOn) {
  const head = make("header"), title = make("h3", "cxr-quiz-named", result.title), next = make("button", "cxr-first", last ? "See how it went" : "Next case");
  title.tabIndex = -1;
  next.type = "button";
  next.addEventListener("click", goOn);
  head.append(title, next);
  const chance = Object.keys(result.chance).length ? `A mark set at random would be inside the outline: ${shares(result.chance)} of the time.` : "";
  const overlap = Object.keys(result.overlap).length
    ? `What stands out of its map overlaps the outline by ${shares(result.overlap)} (intersection over union; the whole picture would give ${shares(result.chance)}).` : "";
  place.replaceChildren(
    head,
    card("truth", "What is true", result.reference, [result.origin, ...result.notes]),
    card("student", "You", result.student.verdict, [places(result, "student"), chance]),
    card("model", "The model", result.model.verdict, [`It writes: ${result.impression || "nothing at all"}`, result.about, places(result, "model"), overlap]),
  );
  place.hidden = false;
  title.focus({ preventScroll: true });
}
