// The What if panel: what a visitor changes, what the model is asked, and what it answers. The model is asked when a stroke
// or a slider comes to rest; the pictures change in the browser at once (pictures.js).

import { EVENTS, listen } from "../shell/events.js";
import { text } from "../shell/language.js";
import { useColours } from "../viewer/maps.js";
import { makeBrush, paintRectangle } from "./brush.js";
import { makeHistory } from "./history.js";
import { takeChanges } from "./left_changes.js";
import { render } from "./pictures.js";
import { makeResults } from "./results.js";
import { makeSheet, UNCHANGED, untouched } from "./sheet.js";

const PAUSE = 120; // milliseconds of rest before the model is asked
const LOST = 20000; // milliseconds without any answer until a wish is taken to be lost, and asked anew; then twice as long

function encoded(mask) {
  let bytes = "";
  for (let i = 0; i < mask.length; i += 4096) bytes += String.fromCharCode(...mask.subarray(i, i + 4096));
  return btoa(bytes);
}

// GRID: cells along a side of a mask; FILLS: what can be painted, by the number in the mask less one.
export function start({ element, trigger, props, watch }, { GRID, FILLS, COLOURS }) {
  useColours(COLOURS);
  const root = element.querySelector(".cxr-what-if");
  const find = (selector) => root.querySelector(selector);
  const bench = { sheets: [], swap: false };
  const history = makeHistory(bench), results = makeResults(root, bench), brush = makeBrush(root, FILLS);
  let study = null; // which study and search the sheets hold
  let typed = "", waiting = null, again = null, number = 0;
  let asking = false; // a wish is on its way: what changes meanwhile is asked when its answer is here

  const changed = () => bench.swap || !bench.sheets.every(untouched);

  // ---- asking the model ----

  function request() {
    const asked = { number, study, swap: bench.swap, text: typed };
    for (const sheet of bench.sheets) {
      if (untouched(sheet)) continue;
      asked[sheet.name] = Object.fromEntries(Object.keys(UNCHANGED).map((name) => [name, sheet[name]]));
      if (sheet.mask.some(Boolean)) asked[sheet.name].mask = encoded(sheet.mask);
    }
    return asked;
  }

  function ready() {
    find(".cxr-undo").disabled = !history.any();
    find(".cxr-reset").disabled = !changed();
  }

  function ask(pause = PAUSE) {
    ready();
    clearTimeout(waiting);
    find(".cxr-found").setAttribute("aria-busy", "true");
    const answer = results.answer();
    if (answer && !answer.changed && changed()) find(".cxr-sentence").textContent = text("The model is being asked about the changed pictures.");
    waiting = setTimeout(() => { ++number; if (!asking) send(LOST); }, pause);
  }

  // A wish that is asked anew keeps its number: whichever of its answers comes first is the one that is waited for.
  function send(patience) {
    asking = true;
    trigger("changed", request());
    clearTimeout(again);
    again = setTimeout(() => { if (asking) send(2 * patience); }, patience);
  }

  function answered() {
    asking = false;
    clearTimeout(again);
  }

  function rest(sentence) {
    find(".cxr-found").removeAttribute("aria-busy");
    if (sentence) find(".cxr-sentence").textContent = sentence;
  }

  // ---- changing ----

  const redraw = (sheet) => render(sheet, bench.swap);
  const redrawAll = () => bench.sheets.forEach(redraw);

  function acted() {
    history.acted();
    ready();
  }

  // What the controls of a sheet tell.
  const act = {
    redraw,
    acted,
    moved(sheet) { redraw(sheet); ask(); },
    painted() { acted(); ask(); },
    changed(sheet) { redraw(sheet); acted(); ask(); },
  };

  function setSwap(on) {
    bench.swap = on;
    find(".cxr-swap").setAttribute("aria-pressed", String(on));
  }

  function reset() {
    for (const sheet of bench.sheets) {
      sheet.mask.fill(0);
      Object.assign(sheet, UNCHANGED);
      sheet.refresh.forEach((refresh) => refresh());
    }
    setSwap(false);
    redrawAll();
  }

  // What a lesson left for this example.
  function takeLesson(example) {
    const changes = takeChanges(example);
    if (!changes) return;
    reset();
    for (const sheet of bench.sheets) {
      const asked = changes[sheet.name] || {};
      sheet.presence = asked.presence || "shown";
      sheet.mirrored = asked.mirrored === true;
      for (const { top, left, bottom, right, fill } of asked.paint || []) paintRectangle(sheet, [top, left, bottom, right], FILLS.indexOf(fill) + 1);
      sheet.refresh.forEach((refresh) => refresh());
    }
    redrawAll();
    acted();
    ask(0);
  }

  // ---- the answer ----

  function laySheets(value) {
    study = value.study;
    setSwap(false);
    find(".cxr-swap").hidden = value.views.length < 2;
    results.forget();
    bench.sheets = value.views.map((view) => makeSheet(view, GRID, brush, act));
    history.begin();
    find(".cxr-sheets").replaceChildren(...bench.sheets.map((sheet) => sheet.figure));
  }

  function receive() {
    const value = props.value || { state: "empty" };
    if (value.number || value.state === "empty") answered();
    if (!value.number || value.number === number) rest();
    else send(LOST); // there were changes while an earlier wish was on its way
    find(".cxr-empty").hidden = value.state !== "empty";
    find(".cxr-refusal").hidden = value.state !== "refused";
    find(".cxr-refusal").textContent = value.state === "refused" ? value.message : "";
    find(".cxr-bench").hidden = value.state === "empty" || (value.state === "refused" && !bench.sheets.length);
    if (value.state === "empty") { study = null; return; }
    if (value.views && value.study !== study) {
      laySheets(value);
      if (typed && value.state === "caption") ask(0);
    } else if (value.study !== study) return trigger("wanted", {}); // this part of the page was built anew
    else if (value.views && value.state === "caption" && (typed || changed())) return void (takeLesson(value.example), ask(0));
    if (value.state !== "caption") return rest(text("This could not be weighed."));
    results.show(value);
    ready();
    takeLesson(value.example);
  }

  // ---- listening ----

  find(".cxr-undo").addEventListener("click", () => {
    if (!history.undo()) return;
    setSwap(bench.swap);
    redrawAll();
    ask(0);
  });
  find(".cxr-reset").addEventListener("click", () => { reset(); acted(); ask(0); });
  find(".cxr-swap").addEventListener("click", () => {
    setSwap(!bench.swap);
    redrawAll();
    acted();
    ask(0);
  });
  find(".cxr-type").addEventListener("submit", (event) => {
    event.preventDefault();
    typed = find("textarea").value.trim();
    find(".cxr-forget").hidden = !typed;
    results.look(typed ? "typed" : "before");
    ask(0);
  });
  find(".cxr-forget").addEventListener("click", () => {
    find("textarea").value = typed = "";
    find(".cxr-forget").hidden = true;
    ask(0);
  });

  listen(element, EVENTS.answer, () => {
    if (root.offsetParent) trigger("wanted", {});
  });
  // The queue was full for too long (panels/shell/retry_full_queue.js): nothing will come.
  listen(element, EVENTS.queue, ({ state, wish }) => {
    if (state !== "refused" || (wish && !("swap" in wish))) return;
    answered();
    rest(text("Too many people were asking: this change was not weighed. Change something to ask again."));
  });

  watch("value", receive);
  if (props.value && props.value.state !== "empty") receive();
}
