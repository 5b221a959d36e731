// Which words read here? A click on a place of either view lists the words and findings whose map is strong there, the
// strongest first: the way back from the picture to the text. Nothing is asked of the server: the maps are those that the page has.

import { make, makeSvg } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { decimal, percent, spoken, viewName } from "../shell/wording.js";
import { cellAt, pointOn } from "./view_figure.js";

const STILL = 4; // pixels that a pointer may move between down and up, for a click and not a drag
const MOVES = [["up", -1, 0], ["left", 0, -1], ["right", 0, 1], ["down", 1, 0]];
const SPOKEN = 3; // words that are read out
const STRONG = 0.5; // of a word's strongest cell: from here on it is said to read a place, by methods other than attention

// The box of a cell in shares of the picture: [left, top, width, height].
function boxOf(grid, [top, left, bottom, right], { row, column }) {
  const height = (bottom - top) / grid.length, width = (right - left) / grid[0].length;
  return [left + column * width, top + row * height, width, height];
}

// The point in the middle of a cell, kept within the grid.
function pointIn(grid, extent, { row, column }) {
  const held = (value, count) => Math.min(Math.max(value, 0), count - 1);
  const [x, y, width, height] = boxOf(grid, extent, { row: held(row, grid.length), column: held(column, grid[0].length) });
  return [x + width / 2, y + height / 2];
}

// How strongly a map reads a cell: in even shares for attention, else as a share of the word's own strongest cell. What
// speaks against a word does not read for it.
function strengthAt(map, view, { row, column }) {
  const grid = map.maps[view], value = Math.max(grid[row][column], 0);
  const cells = map.maps.length * grid.length * grid[0].length;
  return map.attention ? value * cells : map.top > 0 ? value / map.top : 0;
}

export function addReaders(viewer) {
  const { find } = viewer;
  const box = find(".cxr-readers"), list = find(".cxr-readers-list");
  let place = null; // { view, point } that is asked about: the view as maps count it, the point in shares of the picture
  let laid = ""; // what the list was laid out for

  // The first map that there is: all of a method have one grid.
  const anyMap = () => viewer.answer.words.map((_, index) => viewer.mapOf(index)).find(Boolean);
  const cellIn = (map) => cellAt(map.maps[place.view], map.extent, place.point);

  // ---- the list ----

  const wordReaders = () => viewer.answer.words.map((word, index) => ({
    name: spoken(word.text), kind: "word", map: viewer.mapOf(index), chosen: index === viewer.chosen && !viewer.otherChosen(),
    press: () => viewer.choose(index),
  }));

  // The words, and the findings, that have a map of the place, each with its strength there, the strongest first.
  function readers() {
    return [...wordReaders(), ...viewer.otherReaders().map((other) => ({ ...other, kind: "finding" }))]
      .filter(({ map }) => map && cellIn(map))
      .map((reader) => ({ ...reader, strength: strengthAt(reader.map, place.view, cellIn(reader.map)) }))
      .sort((one, other) => other.strength - one.strength);
  }

  const said = ({ map, strength }) =>
    map.attention ? text("{times} times an even share", { times: decimal(strength, 1) }) : text("{share} of its strongest", { share: percent(strength) });
  const reads = ({ map, strength }) => strength >= (map.attention ? 1 : STRONG);

  function button(reader, strongest) {
    const item = make("li"), press = make("button", "cxr-reader"), bar = make("i");
    press.type = "button";
    bar.setAttribute("aria-hidden", "true");
    bar.style.width = `${(reader.strength / strongest) * 100}%`;
    press.append(make("span", "cxr-reader-word", reader.kind === "word" ? reader.name : text("{name} (finding)", { name: reader.name })), make("span", "cxr-reader-strength", said(reader)), bar);
    press.dataset.kind = reader.kind;
    press.setAttribute("aria-pressed", String(reader.chosen));
    press.addEventListener("click", () => {
      viewer.play(false);
      reader.press();
      list.querySelector("[aria-pressed=true]")?.focus({ preventScroll: true });
    });
    item.append(press);
    return item;
  }

  // What there is to say of the words that are not listed.
  function ofTheRest(readers) {
    const found = readers.filter(({ kind }) => kind === "word");
    if (!readers.length) return viewer.withoutMap(viewer.answer.words[viewer.chosen]);
    const others = found.filter((reader) => !reads(reader)).length, without = viewer.answer.words.length - found.length;
    return [
      others < found.length ? "" : text("No word reads this place more than others."),
      others ? text("{count} other words read it less.", { count: others }) : "",
      without ? text("{count} words have no map by this method yet.", { count: without }) : "",
    ].filter(Boolean).join(" ");
  }

  function lay() {
    if (!place) return;
    const found = readers(), map = anyMap(), cell = map && cellIn(map);
    const now = JSON.stringify([place, viewer.chosen, cell, found.map(({ name, chosen, strength }) => [name, chosen, strength.toFixed(3)])]);
    if (now === laid) return;
    laid = now;
    mark(map, cell);
    const { view } = viewer.frames.find((frame) => frame.view.index === place.view);
    const seen = { view: viewName(view.name) };
    find(".cxr-readers-place").textContent = cell
      ? text("{view} view, row {row}, column {column}", { ...seen, row: cell.row + 1, column: cell.column + 1 }) : text("{view} view", seen);
    list.replaceChildren(...found.filter(reads).map((reader, _, all) => button(reader, all[0].strength)));
    find(".cxr-readers-rest").textContent = ofTheRest(found);
  }

  // The edge of the place, over picture and map.
  function mark(map = null, cell = null) {
    for (const { view, picture } of viewer.frames) {
      picture.querySelector(".cxr-asked-place")?.remove();
      if (!cell || view.index !== place.view) continue;
      const [x, y, width, height] = boxOf(map.maps[place.view], map.extent, cell);
      const svg = makeSvg("svg", { class: "cxr-asked-place", viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
      for (const layer of ["cxr-under", "cxr-over"]) // light on dark: seen on air and on bone
        svg.append(makeSvg("rect", { class: layer, x, y, width, height }));
      svg.style.transform = viewer.lens.transform();
      picture.append(svg);
    }
  }

  // ---- asking ----

  function ask(next) {
    place = next;
    laid = "";
    box.hidden = !place;
    find(".cxr-readers-open").setAttribute("aria-expanded", String(Boolean(place)));
    if (!place) return mark();
    lay();
    const first = [...list.querySelectorAll(".cxr-reader-word")].slice(0, SPOKEN).map((word) => word.textContent);
    const told = first.length ? text("read most by {words}", { words: first.join(", ") }) : find(".cxr-readers-rest").textContent;
    viewer.say(`${find(".cxr-readers-place").textContent}: ${told}`);
  }

  // Where the word on show is strongest: what the button asks about first.
  function strongest() {
    const map = viewer.mapOf(viewer.chosen) || anyMap();
    let best = { value: -Infinity, view: viewer.frames[0].view.index, point: [0.5, 0.5] };
    for (const { view } of map ? viewer.frames : [])
      map.maps[view.index].forEach((cells, row) => cells.forEach((value, column) => {
        if (value > best.value) best = { value, view: view.index, point: pointIn(map.maps[view.index], map.extent, { row, column }) };
      }));
    return { view: best.view, point: best.point };
  }

  function listen({ canvas, view }) {
    let down = null;
    canvas.addEventListener("pointerdown", (event) => { down = event.isPrimary && event.button === 0 ? [event.clientX, event.clientY] : null; });
    canvas.addEventListener("pointerup", (event) => {
      const still = down && Math.hypot(event.clientX - down[0], event.clientY - down[1]) <= STILL;
      down = null;
      if (still && viewer.answer.words.length) ask({ view: view.index, point: pointOn(canvas, event) });
    });
  }

  find(".cxr-readers-open").addEventListener("click", () => {
    ask(place ? null : strongest());
    if (place) box.querySelector("[data-move]").focus();
  });
  find(".cxr-readers-close").addEventListener("click", () => {
    ask(null);
    find(".cxr-readers-open").focus();
  });
  for (const [name, down, across] of MOVES)
    find(`.cxr-readers [data-move=${name}]`).addEventListener("click", () => {
      const map = anyMap(), cell = map && cellIn(map);
      if (!cell) return;
      const next = { row: cell.row + down, column: cell.column + across };
      ask({ view: place.view, point: pointIn(map.maps[place.view], map.extent, next) });
    });
  find(".cxr-readers [data-move=view]").addEventListener("click", () => {
    const views = viewer.frames.map((frame) => frame.view.index);
    ask({ ...place, view: views[(views.indexOf(place.view) + 1) % views.length] });
  });

  // ---- what the viewer does ----

  viewer.on("show", lay);
  viewer.on("leave", () => ask(null));
  viewer.on("receive", () => {
    viewer.frames.forEach(listen);
    find(".cxr-ask-place").hidden = viewer.answer.state !== "caption" || !viewer.answer.words.length;
    find(".cxr-readers [data-move=view]").hidden = viewer.frames.length < 2;
  });
}
