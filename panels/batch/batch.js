// The Batch panel in the browser: it asks for one study after the other, shows the answers, and saves them as files.
// Nothing else keeps them. Who stops only stops asking; what was asked for last may still arrive, and is kept.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { showProgress } from "../viewer/progress.js";

const studies = (count) => text("{count} studies", { count });

function save(name, kind, parts) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function start({ element, trigger, props, watch }, { HEADER }) {
  const root = element.querySelector(".cxr-batch");
  const find = (selector) => root.querySelector(selector);
  const go = find(".cxr-batch-go"), work = find(".cxr-work"), body = find("tbody");

  let groups = []; // what the files hold: { study, pictures, how }
  let answered = []; // by place: the rows of a group
  let by = ""; // checkpoint and search of what was begun
  let wishes = 0, waiting = null; // the number of the last wish; the wish that is out, its place null to begin
  let running = false;

  const done = () => answered.filter(Boolean).length;
  const say = (sentence) => { find(".cxr-batch-said").textContent = sentence; };

  function refuse(message) {
    find(".cxr-refusal").hidden = !message;
    find(".cxr-refusal").textContent = message;
  }

  function offer(name) {
    go.hidden = !name;
    go.textContent = name;
  }

  function cells(row, group) {
    const { study, pictures, how, alone, text: impression, stated, notices = [], error } = row;
    const line = make("tr");
    line.append(make("th", "", study), make("td"), make("td"));
    line.firstChild.scope = "row";
    line.children[1].append(make("span", "cxr-batch-pictures", pictures.join(", ")), make("span", "cxr-fine", alone ? how : text("paired by {how}", { how })));
    const answer = line.children[2];
    if (error) answer.append(make("p", "cxr-batch-error", error));
    else if (impression !== undefined) {
      const said = make("p", "cxr-batch-text", impression.replaceAll(" .", "\u00a0.") || text("(no words)"));
      if (impression) said.lang = "en"; // as the model wrote it
      answer.append(said);
      if (stated) answer.append(make("p", "cxr-fine", text("Seen by the finding head: {stated}", { stated })));
      for (const notice of notices) answer.append(make("p", "cxr-fine", notice));
    } else answer.append(make("span", "cxr-fine", text("not yet")));
    line.dataset.group = group;
    return line;
  }

  function paint() {
    body.replaceChildren(...groups.flatMap((group, place) =>
      (answered[place] || [group]).map((row) => cells(row, place))));
  }

  function arrived(place, rows) {
    answered[place] = rows;
    const old = body.querySelectorAll(`tr[data-group="${place}"]`);
    old[0].before(...rows.map((row) => cells(row, place)));
    old.forEach((line) => line.remove());
    for (const kind of ["csv", "json"]) find(`.cxr-batch-${kind}`).hidden = false;
  }

  function rest(message) {
    const held = work.contains(document.activeElement);
    running = false;
    waiting = null;
    work.hidden = true;
    const failed = answered.flat().filter((row) => row?.error).length;
    const told = text("{done} of {studies} answered by {by}.", { done: done(), studies: studies(groups.length), by });
    const unread = failed ? text("{count} studies could not be read.", { count: failed }) : "";
    say([message, told, unread].filter(Boolean).join(" "));
    offer(done() < groups.length ? text("Go on") : text("Begin again"));
    if (held) go.focus();
  }

  function next() {
    const place = groups.findIndex((_, number) => !answered[number]);
    if (place < 0) return rest("");
    showProgress(work, done(), groups.length, text("{done} of {all}", { done: done(), all: groups.length }));
    waiting = { kind: "batch", number: ++wishes, place };
    trigger("study", waiting);
  }

  function seen(detail) {
    groups = detail.studies || [];
    answered = [];
    running = false;
    waiting = null;
    work.hidden = true;
    refuse(detail.message || "");
    find(".cxr-batch-body").hidden = !groups.length;
    for (const kind of ["csv", "json"]) find(`.cxr-batch-${kind}`).hidden = true;
    const left = detail.left_out || [], more = detail.more_left_out || 0;
    find(".cxr-batch-left").hidden = !left.length;
    find(".cxr-batch-left summary").textContent = text("Left out: {count} files", { count: left.length + more });
    find(".cxr-batch-left ul").replaceChildren(...left.map((file) => make("li", "", file)), ...(more ? [make("li", "", text("and {more} more", { more }))] : []));
    const pairs = groups.filter((group) => group.pictures.length === 2).length;
    say(groups.length ? text("{studies} found, {pairs} of them with two views.", { studies: studies(groups.length), pairs }) : "");
    offer(text("Write {count} impressions", { count: groups.length }));
    paint();
  }

  function arrive(detail) {
    if (detail.kind === "look") return seen(detail);
    if (!waiting || detail.number !== waiting.number) {
      if (detail.kind === "study" && !running && groups[detail.place] && detail.number === wishes && !answered[detail.place]) {
        arrived(detail.place, detail.rows); // asked for before the visitor stopped
        rest(text("Stopped."));
      }
      return;
    }
    if (detail.kind === "refused") {
      refuse(detail.message);
      return rest("");
    }
    if (detail.kind === "begun") by = detail.by;
    else arrived(waiting.place, detail.rows);
    next();
  }

  go.addEventListener("click", () => {
    refuse("");
    offer("");
    running = true;
    showProgress(work, done(), groups.length, text("{done} of {all}", { done: done(), all: groups.length }));
    find(".cxr-halt").focus();
    if (done() && done() < groups.length) return next();
    answered = [];
    paint();
    for (const kind of ["csv", "json"]) find(`.cxr-batch-${kind}`).hidden = true;
    waiting = { kind: "batch", number: ++wishes, place: null };
    trigger("begin", waiting);
  });
  find(".cxr-halt").addEventListener("click", () => rest(text("Stopped.")));
  find(".cxr-batch-csv").addEventListener("click", () =>
    save("impressions.csv", "text/csv;charset=utf-8", ["\ufeff", HEADER, ...answered.flat().filter(Boolean).map((row) => row.csv)]));
  find(".cxr-batch-json").addEventListener("click", () =>
    save("predictions.jsonl", "application/jsonl", answered.flat().filter(Boolean).map((row) => row.json)));

  // The queue was full for too long (retry_full_queue.js).
  listen(element, EVENTS.queue, ({ state, wish }) => {
    if (state !== "refused" || !waiting || wish?.kind !== "batch" || wish.number !== waiting.number) return;
    refuse(text("Too many people were asking: go on a little later."));
    rest("");
  });
  watch("value", () => { if (props.value) arrive(props.value); });
}
