// The answer of a case: student, model and truth together, on both views and in words. `result` is what
// explain/quiz_judgement.py `as_dict` gives.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { percent } from "../shell/wording.js";
import { drawMap } from "../viewer/maps.js";
import { outlineOf } from "../viewer/outline.js";
import { fieldAt, pinAt } from "./marking_film.js";

const STYLE = { signed: false, colours: "inferno", opacity: 0.6, cells: "smooth" };
const VIEWS = ["frontal", "lateral"]; // in the order of the maps

// A switch for a layer of the film; `set(on)` is called at once, too.
function layer(name, on, set, pin = "") {
  const label = make("label"), input = make("input");
  input.type = "checkbox";
  input.checked = on;
  input.addEventListener("change", () => set(input.checked));
  label.append(input, ...(pin ? [make("i", "cxr-pin-key")] : []), make("span", "", name));
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
    const told = [text("You: {said}.", { said: result.student.said[view.name] })];
    if (at) told.push(text("The model: {place}, {said}.", { place: fieldAt(view, at), said: result.model.said[view.name] }));
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
  if (result.planted.length) switches.push(layer(text("What was planted"), true, show("cxr-with-planted"), "planted"));
  if (result.maps) {
    switches.push(layer(text("The model’s map"), true, showMap), layer(text("Its strongest place"), true, show("cxr-with-model"), "model"));
  }
  switches.push(layer(text("Your mark"), true, show("cxr-with-own"), "own"));
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
  const [inside, count] = result[who].inside;
  return count ? text("Inside the outline on {inside} of {count} views.", { inside, count }) : "";
}

const shares = (found) => Object.entries(found).map(([view, share]) => `${text(view)} ${percent(share)}`).join(", ");

// The answer in words: cards of what is true, of the student and of the model; `last`: no case is left.
export function tellAnswer(place, result, last, goOn) {
  const head = make("header"), title = make("h3", "cxr-quiz-named", result.title), next = make("button", "cxr-first", last ? text("See how it went") : text("Next case"));
  title.tabIndex = -1;
  next.type = "button";
  next.addEventListener("click", goOn);
  head.append(title, next);
  const chance = Object.keys(result.chance).length 
    ? text("A mark set at random would be inside the outline: {shares} of the time.", { shares: shares(result.chance) }) : "";
  const overlap = Object.keys(result.overlap).length
    ? text(
      "What stands out of its map overlaps the outline by {shares} (intersection over union; the whole picture would give {chance}).",
      { shares: shares(result.overlap), chance: shares(result.chance) },
    ) : "";
  const writes = result.impression ? text("It writes: {impression}", { impression: result.impression }) : text("It writes: nothing at all");
  place.replaceChildren(
    head,
    card("truth", text("What is true"), result.reference, [result.origin, ...result.notes]),
    card("student", text("You"), result.student.verdict, [places(result, "student"), chance]),
    card("model", text("The model"), result.model.verdict, [writes, result.about, places(result, "model"), overlap]),
  );
  place.hidden = false;
  title.focus({ preventScroll: true });
}
