// The Trust panel in the browser: which word and which method are on trial, and what came back.
// It follows the Explain panel by EVENTS.choice and tells it by EVENTS.choose; the marks of the words go out as EVENTS.evidence.

import { EVENTS, listen, tell } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { rounded, spoken } from "../shell/wording.js";
import { stepThrough } from "./areas.js";

export function start({ element, trigger, props, watch }, { METHODS }) {
  const root = element.querySelector(".cxr-trust");
  const find = (selector) => root.querySelector(selector);
  const METHOD = Object.fromEntries(METHODS.map((one) => [one.name, one]));

  let choice = null; // { id, word, method, words, attention } of the viewer
  let done = ""; // what the evidence on show belongs to
  let wishes = 0, waiting = null; // the last number; { number, kind, key }
  const marks = new Map(); // "id|method" -> place -> { kind, short }

  const keyOf = ({ id, word, method }) => [id, method, word].join("|");
  const visible = () => Boolean(root.offsetParent);

  const doing = (kind) => (kind === "evidence" ? text("Putting the map on trial") : text("Making the weights random"));

  function work(said, share, wait) {
    const box = find(".cxr-work"), bar = box.querySelector("progress");
    box.hidden = said === null;
    if (said === null) return;
    if (share > 0) bar.value = share;
    else bar.removeAttribute("value");
    if (wait) said = `${said}, ${wait}`; // said once, before it begins
    box.querySelector(".cxr-work-said").textContent = share > 0 ? `${said} ${rounded(share)}` : said;
  }

  function halt() {
    if (waiting) trigger("stop", { kind: waiting.kind, number: waiting.number });
    waiting = null;
    work(null);
  }

  function refuse(message) {
    find(".cxr-refusal").hidden = !message;
    find(".cxr-refusal").textContent = message;
  }

  function offer(said, kind) {
    const button = find(".cxr-ask");
    button.hidden = !said;
    button.textContent = said && `${said} (${METHOD[choice.method].waits[kind]})`;
    button.dataset.kind = kind;
  }

  function ask(kind) {
    halt();
    refuse("");
    offer("", kind);
    waiting = { number: ++wishes, kind, key: keyOf(choice) };
    const { id, word, method } = choice;
    work(doing(kind), 0, METHOD[method].waits[kind]);
    trigger(kind === "evidence" ? "wanted" : "test", { number: wishes, id, word, method });
  }

  function word(spelled, index) {
    const button = make("button", "cxr-word", spelled);
    button.type = "button";
    button.addEventListener("click", () => tell(EVENTS.choose, { word: index }));
    return button;
  }

  function paintMarks() {
    const found = marks.get(`${choice.id}|${choice.method}`) || {};
    [...find(".cxr-trust-words").children].forEach((button, index) => {
      const mark = found[index];
      button.setAttribute("aria-pressed", String(index === choice.word));
      button.classList.toggle("cxr-on", index === choice.word);
      button.setAttribute("aria-label", spoken(choice.words[index]) + (mark ? `, ${mark.short}` : ""));
      if (mark) button.dataset.evidence = mark.kind;
      else delete button.dataset.evidence;
    });
  }

  function follow() {
    const there = Boolean(choice && choice.words.length);
    find(".cxr-trust-empty").hidden = there;
    find(".cxr-trust-body").hidden = !there;
    if (!there) return halt();
    const row = find(".cxr-trust-words");
    if (row.dataset.id !== choice.id) {
      row.dataset.id = choice.id;
      row.replaceChildren(...choice.words.map(word));
      marks.clear();
    }
    const picker = find(".cxr-trust-method");
    picker.querySelector("[value=attention]").disabled = !choice.attention;
    picker.value = choice.method;
    find(".cxr-meaning").textContent = METHOD[choice.method].meaning;
    paintMarks();
    const key = keyOf(choice);
    if (done === key || (waiting && waiting.key === key)) return;
    halt();
    refuse("");
    find(".cxr-trust-found").replaceChildren();
    done = "";
    if (METHOD[choice.method].slow) offer(text("Test the map of “{word}”", { word: spoken(choice.words[choice.word]) }), "evidence");
    else ask("evidence");
  }

  function arrive(detail) {
    if (!waiting || detail.number !== waiting.number || detail.kind !== waiting.kind) return;
    if (detail.state === "working") {
      return work(doing(waiting.kind), detail.done / detail.of);
    }
    const { kind, key } = waiting;
    waiting = null;
    work(null);
    if (detail.waits) METHOD[detail.method].waits = detail.waits;
    if (detail.state === "refused") {
      refuse(detail.message);
      return offer(text("Try again"), kind);
    }
    if (detail.state !== "done") return;
    if (kind === "evidence") {
      done = key;
      find(".cxr-trust-found").innerHTML = detail.html; // made by panels/trust/, every text in it escaped
      stepThrough(root);
      const own = `${detail.id}|${detail.method}`;
      marks.set(own, { ...marks.get(own), ...detail.marks });
      paintMarks();
      tell(EVENTS.evidence, { id: detail.id, method: detail.method, marks: marks.get(own) });
      find("[role=status]").textContent = find(".cxr-verdict").textContent;
      if (!detail.random) return detail.slow ? offer(text("Test the method on random weights"), "random") : ask("random");
    }
    if (detail.random) find(".cxr-trust-cards").insertAdjacentHTML("beforeend", detail.random);
  }

  find(".cxr-trust-method").replaceChildren(...METHODS.map((one) => {
    const option = make("option", "", one.title);
    option.value = one.name;
    return option;
  }));
  find(".cxr-trust-method").addEventListener("change", (event) => tell(EVENTS.choose, { method: event.target.value }));
  find(".cxr-ask").addEventListener("click", () => {
    ask(find(".cxr-ask").dataset.kind);
    find(".cxr-halt").focus();
  });
  find(".cxr-halt").addEventListener("click", () => {
    const kind = waiting ? waiting.kind : "evidence";
    halt();
    offer(kind === "evidence" ? text("Go on with the test") : text("Test the method on random weights"), kind);
    find("[role=status]").textContent = text("Stopped.");
    find(".cxr-ask").focus();
  });

  // The queue was full for too long (retry_full_queue.js).
  listen(element, EVENTS.queue, ({ state, wish }) => {
    if (state !== "refused" || !waiting || !wish || "against" in wish || wish.kind || wish.number !== waiting.number) return;
    const { kind } = waiting;
    waiting = null;
    work(null);
    refuse(text("Too many people were asking: this was not tested."));
    offer(text("Try again"), kind);
  });

  listen(element, EVENTS.choice, (detail) => {
    choice = detail;
    if (visible()) follow();
  });
  watch("value", () => { if (props.value) arrive(props.value); });
  // Opened: ask the viewer what is on show. Nothing is computed for who never looks.
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) tell(EVENTS.choose);
  }).observe(root);
}
