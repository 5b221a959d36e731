// The Batch panel in the browser: it asks for one study after the other, shows the answers, and saves them as files.
// Nothing else keeps them. Who stops only stops asking; what was asked for last may still arrive, and is kept.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { showProgress } from "../viewer/progress.js";

const studies = (count) => (count === 1 ? "1 study" : `${count} studies`);

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
  const say = (text) => { find(".cxr-batch-said").textContent = text; };

  function refuse(message) {
    find(".cxr-refusal").hidden = !message;
    find(".cxr-refusal").textContent = message;
  }

  function offer(text) {
    go.hidden = !text;
    go.textContent = text;
  }

  function cells(row, group) {
    const { study, pictures, how, text, stated, notices = [], error } = row;
    const line = make("tr");
    line.append(make("th", "", study), make("td"), make("td"));
    line.firstChild.scope = "row";
    line.children[1].append(make("span", "cxr-batch-pictures", pictures.join(", ")), make("span", "cxr-fine", how.startsWith("alone") ? how : `paired by ${how}`));
    const answer = line.children[2];
    if (error) answer.append(make("p", "cxr-batch-error", error));
    else if (text !== undefined) {
      answer.append(make("p", "cxr-batch-text", text.replaceAll(" .", "\u00a0.") || "(no words)"));
      if (stated) answer.append(make("p", "cxr-fine", `Seen by the finding head: ${stated}`));
      for (const notice of notices) answer.append(make("p", "cxr-fine", notice));
    } else answer.append(make("span", "cxr-fine", "not yet"));
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
    const told = `${done()} of ${studies(groups.length)} answered by ${by}.` + (failed ? ` ${studies(failed)} could not be read.` : "");
    say([message, told].filter(Boolean).join(" "));
    offer(done() < groups.length ? "Go on" : "Begin again");
    if (held) go.focus();
  }

  function next() {
    const place = groups.findIndex((_, number) => !answered[number]);
    if (place < 0) return rest("");
    showProgress(work, done(), groups.length, `${done()} of ${groups.length}`);
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
    find(".cxr-batch-left summary").textContent = `Left out: ${left.length + more} ${left.length + more === 1 ? "file" : "files"}`;
    find(".cxr-batch-left ul").replaceChildren(...left.map((text) => make("li", "", text)), ...(more ? [make("li", "", `and ${more} more`)] : []));
    const pairs = groups.filter((group) => group.pictures.length === 2).length;
    say(groups.length ? `${studies(groups.length)} found, ${pairs} of them with two views.` : "");
    offer(groups.length === 1 ? "Write its impression" : `Write ${groups.length} impressions`);
    paint();
  }

  function arrive(detail) {
    if (detail.kind === "look") return seen(detail);
    if (!waiting || detail.number !== waiting.number) {
      if (detail.kind === "study" && !running && groups[detail.place] && detail.number === wishes && !answered[detail.place]) {
        arrived(detail.place, detail.rows); // asked for before the visitor stopped
        rest("Stopped.");
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
    showProgress(work, done(), groups.length, `${done()} of ${groups.length}`);
    find(".cxr-halt").focus();
    if (done() && done() < groups.length) return next();
    answered = [];
    paint();
    for (const kind of ["csv", "json"]) find(`.cxr-batch-${kind}`).hidden = true;
    waiting = { kind: "batch", number: ++wishes, place: null };
    trigger("begin", waiting);
  });
  find(".cxr-halt").addEventListener("click", () => rest("Stopped."));
  find(".cxr-batch-csv").addEventListener("click", () =>
    save("impressions.csv", "text/csv;charset=utf-8", ["\ufeff", HEADER, ...answered.flat().filter(Boolean).map((row) => row.csv)]));
  find(".cxr-batch-json").addEventListener("click", () =>
    save("predictions.jsonl", "application/jsonl", answered.flat().filter(Boolean).map((row) => row.json)));

  // The queue was full for too long (retry_full_queue.js).
  listen(element, EVENTS.queue, ({ state, wish }) => {
    if (state !== "refused" || !waiting || wish?.kind !== "batch" || wish.number !== waiting.number) return;
    refuse("Too many people were asking: go on a little later.");
    rest("");
  });
  watch("value", () => { if (props.value) arrive(props.value); });
}
