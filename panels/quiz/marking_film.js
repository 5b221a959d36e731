// A film to mark: the views of a study side by side, each with one mark that a pointer, a finger or the keyboard sets. Over a
// picture lie a canvas for a map and a layer for what else is to be shown there. It asks nothing of the server.
//
// A view: { name, width, height, url, sides, convention, fields, edges }, as panels/quiz/film.py makes it.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { capital } from "../shell/wording.js";
import { fit, pointOn } from "../viewer/view_figure.js";

const STEP = 0.02, LEAP = 0.1; // of the picture's side: an arrow key, and with Shift
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MIDDLE = [0.5, 0.5];

const within = (share) => Math.min(Math.max(share, 0), 1);

// The name of the ninth of a view that a point [across, down], shares of the picture, lies in: as explain/places.py.
export function fieldAt({ fields, edges }, [across, down]) {
  return fields[Math.min(Math.floor(down * 3), 2)][edges.filter((edge) => across >= edge).length];
}

// A mark on a picture; `kind` is its look (quiz.css): "own", "model" or "planted".
export function pinAt([across, down], kind) {
  const pin = make("i", "cxr-pin");
  pin.dataset.kind = kind;
  pin.setAttribute("aria-hidden", "true"); // what is said beside the picture says it
  pin.style.left = `${across * 100}%`;
  pin.style.top = `${down * 100}%`;
  return pin;
}

function letters({ sides }) {
  return (sides || []).map((letter, edge) => {
    const side = make("b", edge ? "cxr-side cxr-side-right" : "cxr-side", letter);
    side.setAttribute("aria-hidden", "true"); // the sentence under the picture says it
    return side;
  });
}

// One view; `changed` is called when its mark is another.
function makeFrame(view, changed) {
  const figure = make("figure", "cxr-marking-view"), head = make("figcaption", "", capital(text(view.name)));
  const picture = make("div", "cxr-marking-picture"), image = make("img"), canvas = make("canvas"), layer = make("div", "cxr-marking-layer");
  figure.dataset.view = view.name;
  figure.style.setProperty("--shape", (view.width / view.height).toFixed(4));
  Object.assign(image, { src: view.url, width: view.width, height: view.height, alt: capital(text("{view} chest X-ray", { view: text(view.name) })), draggable: false });
  canvas.setAttribute("aria-hidden", "true");
  picture.append(image, canvas, layer, ...letters(view));
  const said = make("p", "cxr-marking-said", text("Not marked.")), pin = pinAt(MIDDLE, "own");
  pin.hidden = true;
  picture.append(pin);
  said.setAttribute("role", "status");
  figure.append(head, picture, said);
  if (view.convention) figure.append(make("p", "cxr-convention", view.convention));
  picture.tabIndex = 0;
  picture.setAttribute("role", "application"); // arrow keys are the picture's own, for screen readers too
  const keys = text("{view} view: arrow keys set and move your mark, with Shift further; Delete takes it away.", { view: text(view.name) });
  picture.setAttribute("aria-label", capital(keys));

  const frame = { view, figure, picture, canvas, layer, point: null, locked: false, paint: null };

  frame.set = (point) => {
    frame.point = point && point.map(within);
    pin.hidden = !point;
    if (point) Object.assign(pin.style, { left: `${frame.point[0] * 100}%`, top: `${frame.point[1] * 100}%` });
    said.textContent = point ? text("Marked: {place}.", { place: fieldAt(view, frame.point) }) : text("Not marked.");
  };
  const move = (point) => {
    if (frame.locked) return;
    frame.set(point);
    changed();
  };

  // A tap marks, and so does a click; a mouse may drag the mark too. A finger that moves scrolls the page.
  let dragging = false, touched = false; // not every browser's click says by itself that it was a finger's
  picture.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (frame.locked || event.button !== 0 || touched) return;
    dragging = true;
    picture.setPointerCapture(event.pointerId);
    move(pointOn(picture, event));
  });
  picture.addEventListener("pointermove", (event) => { if (dragging) move(pointOn(picture, event)); });
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { dragging = false; });
  picture.addEventListener("click", (event) => { if (touched) move(pointOn(picture, event)); });
  picture.addEventListener("keydown", (event) => {
    if (frame.locked || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = MOVES[event.key];
    if (step) {
      const by = event.shiftKey ? LEAP : STEP;
      move(frame.point ? frame.point.map((share, axis) => share + step[axis] * by) : MIDDLE);
    } else if (event.key === "Delete" || event.key === "Backspace") move(null);
    else if (event.key === "Enter" || event.key === " ") move(frame.point || MIDDLE);
    else return;
    event.preventDefault();
  });

  frame.lock = () => {
    frame.locked = true;
    picture.removeAttribute("tabindex");
    picture.removeAttribute("role");
    picture.removeAttribute("aria-label");
    said.removeAttribute("role");
    figure.classList.add("cxr-marking-locked");
  };
  // `draw(context, view)` paints the canvas, now and whenever it is seen at another size.
  frame.drawWith = (draw) => { frame.paint = draw; frame.repaint(); };
  frame.repaint = () => {
    fit({ picture, canvas });
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    frame.paint?.(context, view);
  };
  frame.say = (sentence) => { said.textContent = sentence; };
  new ResizeObserver(() => { if (fit({ picture, canvas })) frame.repaint(); }).observe(picture);
  return frame;
}

// The film of some views: { node, frames, marks(), set(marks), lock() }. `marks` is { frontal: [across, down] | null, ... },
// shares 0..1 from the upper left corner; `changed` is called with it when the one who looks has moved a mark.
export function makeMarkingFilm(views, changed = () => {}) {
  const node = make("div", "cxr-marking-film");
  const marks = () => Object.fromEntries(frames.map(({ view, point }) => [view.name, point]));
  const frames = views.map((view) => makeFrame(view, () => changed(marks())));
  node.append(...frames.map(({ figure }) => figure));
  return {
    node, frames, marks,
    set: (given) => { for (const frame of frames) frame.set(given[frame.view.name] ?? null); },
    lock: () => { for (const frame of frames) frame.lock(); },
  };
}
