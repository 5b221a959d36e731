// The word viewer in the browser. Run once by gr.HTML with: element, trigger, props, watch.
// props.value is the answer of panels/viewer.py; nothing here asks the server, except for files to download.
// Every text is set as text, never as HTML.

const root = element.querySelector(".cxr-viewer");
const find = (selector) => root.querySelector(selector);
const percent = (share) => (share > 0 && share < 0.005 ? "<1%" : `${Math.round(share * 100)}%`);
const signed = (number) => number.toFixed(2).replace("-", "\u2212");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const SECONDS_A_WORD = 1.1;

// Radio buttons of one name belong together across the whole page, and there may be more than one viewer on it.
const own = Math.random().toString(36).slice(2);
root.querySelectorAll("input[data-group]").forEach((input) => { input.name = `${input.dataset.group}-${own}`; });

let answer = { state: "empty" };
let buttons = []; // one a word, in the order of answer.words
let frames = []; // one a view: { view, canvas, context, picture, share, reading, cell }
let chosen = 0;
let hovered = null; // a word under the pointer, previewed without being chosen
let playing = null;
let asked = Object.fromEntries(new URLSearchParams(location.search)); // what a link brings back; used once

// How the maps are drawn, as a link says it: its parameter -> the control.
const DRAWN = { opacity: ".cxr-opacity", colours: ".cxr-colours", scale: "input[data-group=scale]", draw: "input[data-group=cells]" };

const settings = {
  get opacity() { return Number(find(".cxr-opacity").value) / 100; },
  get scale() { return find("input[data-group=scale]:checked").value; },
  get cells() { return find("input[data-group=cells]:checked").value; },
  get colours() { return find(".cxr-colours").value; },
};

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// ---- drawing -------------------------------------------------------------------------------------------------------

// The map of a word as it is shown, or null: `maps` view by view, `share` of each view, `place` of its strongest cell,
// `extent`, `top` (the word's own largest value), `signed`, and whether it is `attention`, whose cells sum to 1.
// Another script of this scope may show maps of another kind.
let seen = (index) => {
  const word = answer.words[index];
  if (!word || !word.maps) return null;
  word.top ??= largestCell([word]);
  return { maps: word.maps, share: word.share, place: word.place, extent: answer.extent, top: word.top, signed: false, attention: true };
};
// What stands in place of a map, where there is none.
let unseen = () => "This checkpoint has no attention, so its words have no maps.";
// What there is to say of a map besides where it lies.
let remarks = () => [];

// What counts as full strength: the word's own largest cell on either view, or the largest of the whole impression.
const ceiling = (map) =>
  settings.scale === "word" ? map.top : Math.max(...answer.words.map((_, index) => seen(index)?.top || 0));
const style = (map, top) => ({
  top, signed: map.signed, colours: settings.colours, opacity: settings.opacity, cells: settings.cells,
});

function draw(frame, map, top) {
  const { canvas, context, view, cell } = frame;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (map) drawMap(context, map.maps[view.index], map.extent, style(map, top), cell);
}

const sight = makeLens(() => {
  for (const { picture } of frames) {
    picture.classList.toggle("cxr-close", sight.lens.scale > 1);
    for (const layer of picture.children) layer.style.transform = sight.transform();
  }
  find(".cxr-zoom-out").disabled = sight.lens.scale === 1;
});

function fit(frame) {
  const box = frame.picture.getBoundingClientRect();
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.round(box.width * density), height = Math.round(box.height * density);
  if (width && height && (width !== frame.canvas.width || height !== frame.canvas.height)) {
    frame.canvas.width = width;
    frame.canvas.height = height;
    return true;
  }
  return false;
}

// ---- the word on show ----------------------------------------------------------------------------------------------

const shown = () => (hovered === null ? chosen : hovered);

const where = (map, view) => (map.place[view.index] ? `, most in the ${map.place[view.index]}` : "");
const part = (map, view) => (map.share ? percent(map.share[view.index]) : "nothing on the");
const looked = (map, view) => `${part(map, view)} ${view.name}${map.share ? where(map, view) : ""}`;
const named = (word) => (word.text === "." ? "full stop" : word.text);

function describe(word, map) {
  const probability = Math.exp(word.log_prob);
  find(".cxr-word-title").textContent = named(word);
  find(".cxr-word-from").hidden = !word.from;
  find(".cxr-word-from").textContent = word.from || "";
  find(".cxr-probability").textContent = percent(probability);
  find(".cxr-log-prob").textContent = signed(word.log_prob);
  const looks = map
    ? answer.views.map((view) => {
        const item = make("li");
        item.append(make("b", "", part(map, view)), ` ${view.name}${map.share ? where(map, view) : ""}`);
        return item;
      })
    : [make("li", "", unseen(word))];
  find(".cxr-word-maps").replaceChildren(...looks, ...remarks(word, map).map((remark) => make("li", "cxr-remark", remark)));

  const list = find(".cxr-alternatives");
  list.replaceChildren(
    ...word.alternatives.map((other) => {
      const item = make("li", other.chosen ? "cxr-chosen" : "");
      const share = Math.exp(other.log_prob);
      const text = other.text === "<end>" ? "end of impression" : other.text === "." ? "full stop" : other.text;
      item.append(make("span", "cxr-alternative-text", text), make("span", "cxr-alternative-share", percent(share)));
      const bar = make("i");
      bar.style.width = `${Math.max(share * 100, 0.5)}%`;
      item.append(bar);
      if (other.chosen) item.append(make("span", "cxr-unseen", "(chosen)"));
      return item;
    }),
  );
}

function measured(map, value) {
  if (map.attention) {
    const cells = answer.views.length * map.maps[0].length * map.maps[0][0].length;
    return `${(value * 100).toFixed(2)}% of the attention, ${(value * cells).toFixed(1)} times an even share`;
  }
  const strength = `${percent(Math.abs(value) / (map.top || 1))} of this word's strongest`;
  return map.signed ? `${value < 0 ? "against" : "for"} the word, ${strength}` : strength;
}

const small = (number) => number.toPrecision(2).replace("-", "\u2212");

function readings(word, map, top) {
  for (const frame of frames) {
    const { view, cell, share, reading, canvas } = frame;
    share.textContent = map && map.share ? percent(map.share[view.index]) : "";
    reading.textContent = view.original;
    if (map && cell) {
      const value = map.maps[view.index][cell.row][cell.column];
      reading.textContent = `row ${cell.row + 1}, column ${cell.column + 1}: ${measured(map, value)}`;
    }
    const about = map ? looked(map, view) : unseen(word);
    canvas.setAttribute("aria-label", `Heatmap of “${word.text}” on the ${view.name} view: ${about}.`);
  }
  find(".cxr-scalebar").hidden = !map;
  find(".cxr-balance").hidden = !map || !map.share || answer.views.length < 2;
  if (!map) return;
  if (map.share) find(".cxr-balance i").style.width = `${map.share[0] * 100}%`;
  find(".cxr-scalebar-low").textContent = map.signed ? `\u2212${small(top)}` : map.attention ? "0" : "none";
  find(".cxr-scalebar-top").textContent =
    map.signed ? `+${small(top)}` : map.attention ? `${(top * 100).toFixed(1)}% in one cell` : "strongest";
}

function show() {
  const word = answer.words && answer.words[shown()];
  if (!word) return;
  const map = seen(shown());
  const top = map ? ceiling(map) : 0;
  for (const frame of frames) draw(frame, map, top);
  readings(word, map, top);
  describe(word, map);
  paintScalebar(Boolean(map && map.signed));
  buttons.forEach((button, index) => {
    button.classList.toggle("cxr-on", index === shown());
    button.setAttribute("aria-selected", String(index === chosen));
    button.tabIndex = index === chosen ? 0 : -1;
  });
  find(".cxr-now").textContent = `${named(word)} ${percent(Math.exp(word.log_prob))}`;
}

// Called when a word is chosen; another script of this scope may have something to add.
let follow = () => {};

function choose(index, { focus = false, speak = true } = {}) {
  const count = answer.words.length;
  if (!count) return;
  chosen = Math.min(Math.max(index, 0), count - 1);
  hovered = null;
  follow(chosen);
  show();
  if (focus) buttons[chosen].focus({ preventScroll: true });
  if (speak) {
    const word = answer.words[chosen], map = seen(chosen);
    find(".cxr-spoken").textContent =
      `${word.text}: probability ${percent(Math.exp(word.log_prob))}` +
      (map ? `; ${answer.views.map((view) => looked(map, view)).join("; ")}` : "");
  }
}

function play(on) {
  clearInterval(playing);
  playing = null;
  const button = find(".cxr-play");
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("aria-label", on ? "Pause" : "Play: walk through the words");
  if (!on || !answer.words || !answer.words.length) return;
  if (chosen >= answer.words.length - 1) choose(0);
  playing = setInterval(() => {
    if (!element.isConnected || chosen >= answer.words.length - 1) return play(false);
    choose(chosen + 1);
  }, SECONDS_A_WORD * 1000);
}

// ---- building an answer --------------------------------------------------------------------------------------------

function wordButton(word, index) {
  const button = make("button", word.text === "." ? "cxr-word cxr-stop" : "cxr-word", word.text);
  button.type = "button";
  button.setAttribute("role", "option");
  const probability = Math.exp(word.log_prob);
  button.style.setProperty("--certainty", probability.toFixed(3));
  button.setAttribute("aria-label", `${named(word)}, ${percent(probability)}`);
  button.title = percent(probability);
  button.addEventListener("click", () => { play(false); choose(index, { focus: true }); });
  button.addEventListener("pointerenter", (event) => {
    if (event.pointerType !== "mouse" || playing) return;
    hovered = index;
    show();
  });
  button.addEventListener("pointerleave", () => {
    if (hovered === null) return;
    hovered = null;
    show();
  });
  return button;
}

// Where the buttons stand; another script of this scope may lay them out its own way.
let layWords = () => find(".cxr-words").replaceChildren(...buttons);

function viewFigure(view) {
  const figure = make("figure", "cxr-view");
  figure.dataset.view = view.index ? "lateral" : "frontal";
  figure.style.setProperty("--shape", (view.width / view.height).toFixed(4));
  const head = make("figcaption");
  const share = make("b", "cxr-share");
  head.append(make("span", "", capital(view.name)), share);
  const picture = make("div", "cxr-picture");
  const image = make("img");
  image.src = view.url;
  image.width = view.width;
  image.height = view.height;
  image.alt = `${capital(view.name)} chest X-ray`;
  image.draggable = false;
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  picture.append(image, canvas);
  const reading = make("p", "cxr-reading");
  figure.append(head, picture, reading);
  const frame = { view, picture, canvas, context: canvas.getContext("2d"), share, reading, cell: null };
  sight.listen(picture);

  canvas.addEventListener("pointermove", (event) => {
    const map = answer.words && seen(shown());
    if (!map) return;
    const grid = map.maps[view.index], box = canvas.getBoundingClientRect();
    const [top, left, bottom, right] = map.extent;
    const row = Math.floor(((((event.clientY - box.top) / box.height) - top) / (bottom - top)) * grid.length);
    const column = Math.floor(((((event.clientX - box.left) / box.width) - left) / (right - left)) * grid[0].length);
    const inside = row >= 0 && column >= 0 && row < grid.length && column < grid[0].length;
    const cell = inside ? { row, column } : null;
    if (JSON.stringify(cell) === JSON.stringify(frame.cell)) return;
    frame.cell = cell;
    show();
  });
  canvas.addEventListener("pointerleave", () => {
    if (!frame.cell) return;
    frame.cell = null;
    show();
  });
  return [figure, frame];
}

function absent(name) {
  const figure = make("figure", "cxr-view cxr-absent");
  const head = make("figcaption");
  head.append(make("span", "", capital(name)));
  figure.append(head, make("p", "", `There is no ${name} view. The model was told so, and looked at the other one alone.`));
  return figure;
}

const observer = new ResizeObserver(() => {
  let changed = false;
  for (const frame of frames) changed = fit(frame) || changed;
  if (changed) show();
});

function receive() {
  const value = props.value || { state: "empty" };
  play(false);
  answer = value;
  root.dataset.state = value.state;
  find(".cxr-empty").hidden = value.state !== "empty";
  find(".cxr-refusal").hidden = value.state !== "refused";
  find(".cxr-result").hidden = value.state !== "caption";
  find(".cxr-refusal").textContent = value.state === "refused" ? value.message : "";
  observer.disconnect();
  frames = [];
  find(".cxr-views").replaceChildren();
  find(".cxr-words").replaceChildren();
  if (value.state !== "caption") return;

  find(".cxr-run").textContent = `${value.checkpoint} · ${value.search} · log probability ${signed(value.log_prob)}${value.cut_off ? " · cut off at the length limit" : ""}`;
  const notices = find(".cxr-notices");
  notices.hidden = !value.notices.length;
  notices.replaceChildren(...value.notices.map((notice) => make("li", "", notice)));
  const reference = find(".cxr-reference");
  reference.hidden = !value.reference;
  reference.replaceChildren(make("span", "", "This example was made to show: "), make("q", "", value.reference));

  buttons = value.words.map(wordButton);
  layWords(value);
  if (!value.words.length) find(".cxr-words").append(make("p", "", "The model ended the impression before its first word."));
  for (const view of value.views) {
    const [figure, frame] = viewFigure(view);
    find(".cxr-views").append(figure);
    frames.push(frame);
    observer.observe(frame.picture);
  }
  if (value.missing.includes("lateral")) find(".cxr-views").append(absent("lateral"));
  find(".cxr-views").dataset.count = String(value.views.length);

  find(".cxr-copy").hidden = !value.example;
  chosen = 0;
  if (value.example && value.example === asked.example) {
    chosen = Math.max(Number.parseInt(asked.word, 10) || 1, 1) - 1;
    bringBack(asked);
    asked = {};
  }
  for (const frame of frames) fit(frame);
  sight.reset();
  choose(chosen, { speak: false });
}

// ---- a link to a word ----------------------------------------------------------------------------------------------

const controls = (name) => [...root.querySelectorAll(DRAWN[name])];
const first = (control) => control.type === "radio" ? control.defaultChecked
  : control.options ? control.value === control.options[0].value : control.value === control.defaultValue;

// Says what differs from how the page comes; another script of this scope may have more to say.
let link = () => {
  const said = { example: answer.example, ...answer.settings, word: chosen + 1 };
  for (const name of Object.keys(DRAWN)) {
    const control = controls(name).find((one) => one.type !== "radio" || one.checked);
    if (!first(control)) said[name] = control.value;
  }
  return said;
};

// The other way; anyone can type an address, so what no control offers is left out.
let bringBack = (said) => {
  for (const [name, value] of Object.entries(said)) {
    if (!Object.hasOwn(DRAWN, name)) continue;
    for (const control of controls(name)) {
      if (control.type === "radio") control.checked = control.value === value || control.checked;
      else if (control.options ? [...control.options].some((one) => one.value === value) : /^\d{1,3}$/.test(value)) control.value = value;
    }
  }
  find(".cxr-opacity-value").textContent = `${find(".cxr-opacity").value}%`;
};

// On a phone the answer lies below the form.
function bringIntoView() {
  if (!window.matchMedia("(max-width: 900px)").matches) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  root.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

// Painted again only when it has changed: the word does not wait for it.
let scalebar = "";
function paintScalebar(signed) {
  const { colours, opacity } = settings, now = [signed, colours, opacity].join();
  if (now !== scalebar) drawScale(find(".cxr-scalebar canvas").getContext("2d"), { colours, opacity, signed });
  scalebar = now;
}

// ---- listening -----------------------------------------------------------------------------------------------------

find(".cxr-previous").addEventListener("click", () => { play(false); choose(chosen - 1); });
find(".cxr-next").addEventListener("click", () => { play(false); choose(chosen + 1); });
find(".cxr-play").addEventListener("click", () => play(!playing));
find(".cxr-zoom-in").addEventListener("click", () => sight.zoomAt(1.6));
find(".cxr-zoom-out").addEventListener("click", () => sight.zoomAt(1 / 1.6));
find(".cxr-copy").addEventListener("click", async () => {
  const address = new URL(location.href);
  address.search = new URLSearchParams(link()).toString();
  history.replaceState(null, "", address);
  let said = "Link copied";
  try {
    await navigator.clipboard.writeText(address.href);
  } catch { // no leave to write there, as on a page without https
    said = "The link stands in the address bar";
  }
  const button = find(".cxr-copy");
  button.textContent = find(".cxr-spoken").textContent = said;
  setTimeout(() => { button.textContent = "Copy a link to this word"; }, 2500);
});
find(".cxr-controls").addEventListener("input", () => {
  find(".cxr-opacity-value").textContent = `${find(".cxr-opacity").value}%`;
  show();
});

function step(event) {
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  if (event.key in steps) return chosen + steps[event.key];
  if (event.key === "Home") return 0;
  if (event.key === "End") return answer.words.length - 1;
  return null;
}

find(".cxr-words").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const next = step(event);
  if (next !== null) {
    play(false);
    choose(next, { focus: true });
  } else if (event.key === " ") play(!playing);
  else if (event.key === "+" || event.key === "=") sight.zoomAt(1.6);
  else if (event.key === "-") sight.zoomAt(1 / 1.6);
  else if (event.key === "0") sight.reset();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

// Left and right also work wherever they mean nothing else, so that they do right after an example was clicked.
function anywhere(event) {
  if (!element.isConnected) return document.removeEventListener("keydown", anywhere);
  if (!root.offsetParent) return; // behind another tab
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || answer.state !== "caption") return;
  if (event.target.closest("input, select, textarea, [role=tab], [role=listbox], [role=slider], [contenteditable]")) return;
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  play(false);
  choose(step(event));
}
document.addEventListener("keydown", anywhere);

// Tells the other panels of a new answer; another script of this scope may keep it to itself.
let received = () => document.dispatchEvent(new CustomEvent("cxr-answer"));

watch("value", () => {
  receive();
  received();
  if (answer.state !== "empty") bringIntoView();
});
receive();
