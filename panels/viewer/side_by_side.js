// Methods side by side: the maps of the chosen word by every method, as small pictures of both views. What is quick is
// computed when the part of the page is opened; what costs seconds waits for a press.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { percent, spoken } from "../shell/wording.js";
import { drawThumbnail, makeThumbnail } from "./thumbnail.js";

export function addSideBySide(viewer, methods) {
  const { find } = viewer;
  const details = find(".cxr-side-by-side"), grid = find(".cxr-side-by-side-grid");
  const all = find(".cxr-side-by-side-all"), halt = find(".cxr-side-by-side-halt");
  const shown = viewer.shownMethod;
  let tiles = new Map(); // method -> { button, strip, said }
  let told = new Map(); // method -> what is being done for it, or why it came to nothing
  let wanted = new Set(); // methods that are being computed for the word
  let word = null, id = null, drawn = "";

  const there = () => viewer.answer.state === "caption" && viewer.answer.words.length > 0;
  const offered = () => methods.filter(({ name }) => name !== "attention" || viewer.answer.words.every((one) => one.maps));
  // The server explains the impression that the model wrote, and no other (go_on.js).
  const explained = () => viewer.answer.words[viewer.chosen].branch === undefined;

  function lay() {
    tiles = new Map(offered().map((method) => {
      const item = make("li"), button = make("button", "cxr-small"), strip = makeThumbnail(viewer), said = make("span", "cxr-small-said");
      button.type = "button";
      button.append(strip, make("span", "cxr-small-name", method.title), said);
      button.addEventListener("click", () => shown.use(method.name));
      item.append(button);
      return [method.name, { item, button, strip, said }];
    }));
    grid.replaceChildren(...[...tiles.values()].map(({ item }) => item));
  }

  function ask(name) {
    if (wanted.has(name)) return;
    wanted.add(name);
    told.set(name, "…");
    const asked = word;
    shown.wishes.askBeside(name, asked, (detail) => {
      const share = detail.of > 1 && detail.done ? percent(detail.done / detail.of) : "…";
      if (detail.state !== "working") wanted.delete(name);
      if (asked !== word && methods.find((method) => method.name === name).slow) told.delete(name); // of the word that was left
      else told.set(name, { working: share, done: "", refused: detail.message }[detail.state] ?? text("Stopped."));
      if (asked === word || detail.state === "done") viewer.show();
    });
  }

  function askQuick() {
    for (const { name, slow } of offered())
      if (!slow && name !== shown.name && !shown.mapBy(name, word) && !told.get(name)) ask(name);
  }

  const missing = () => offered().filter(({ name, slow }) => slow && !shown.mapBy(name, word));

  function tileOf({ name, slow }) {
    const { button, strip, said } = tiles.get(name), map = explained() ? shown.mapBy(name, word) : null;
    drawThumbnail(viewer, strip, map, map ? map.top : 0);
    button.setAttribute("aria-pressed", String(name === shown.name));
    const places = map && viewer.answer.views.map((view) => map.said[view.index]).join("; ");
    said.textContent = places || told.get(name) || (slow ? text("takes seconds: not computed yet") : text("not computed yet"));
  }

  function draw() {
    if (!details.open || !there()) return;
    if (id !== viewer.answer.id) {
      id = viewer.answer.id;
      drawn = "";
      lay();
    }
    if (word !== viewer.chosen) {
      if (word !== null) shown.wishes.haltBeside();
      word = viewer.chosen;
      for (const [name, last] of told) if (last !== "…") told.delete(name);
    }
    if (explained()) askQuick();
    const { opacity, colours, cells } = viewer.settings;
    const now = [id, word, shown.name, opacity, colours, cells, [...told].join(), ...offered().map(({ name }) => Boolean(shown.mapBy(name, word)))].join("|");
    if (now === drawn) return;
    drawn = now;
    const named = spoken(viewer.answer.words[word].text);
    find(".cxr-side-by-side .cxr-at-once-said").textContent = explained()
      ? text("“{word}” by every method; each is as strong as its own strongest place. Choose one to see it large.", { word: named })
      : text("Only the words of the impression that the model wrote are explained by every method.");
    offered().forEach(tileOf);
    const busy = offered().some(({ name, slow }) => slow && wanted.has(name));
    const left = !busy && document.activeElement === halt; // it goes with the work, and the keyboard's place with it
    all.hidden = busy || !explained() || !missing().length;
    halt.hidden = !busy;
    if (left) find(".cxr-side-by-side summary").focus();
  }

  all.addEventListener("click", () => {
    missing().forEach(({ name }) => ask(name));
    draw();
    halt.focus();
  });
  halt.addEventListener("click", () => {
    shown.wishes.haltBeside();
    viewer.say(text("Stopped."));
    find(".cxr-side-by-side summary").focus();
  });
  details.addEventListener("toggle", draw);

  viewer.on("show", draw);
  viewer.on("leave", () => {
    shown.wishes.haltBeside();
    shown.wishes.forgetBeside();
    id = word = null;
    told = new Map();
    wanted = new Set();
    grid.replaceChildren();
  });
  viewer.on("receive", () => { details.hidden = !there(); });
}
