// The lesson in the browser; TITLES are those of the steps (panels/lesson/panel.py). props.value is a step of
// panels/lesson/steps.py. Answers are checked here; every text is set as text.

import { EVENTS, listen, listenOnce, tell } from "../shell/events.js";
import { make, panelTab } from "../shell/elements.js";
import { keepLanguage, text } from "../shell/language.js";
import { leaveChanges } from "../what_if/left_changes.js";

const KEPT = "cxr-lesson";
const PATIENCE = 10_000; // milliseconds after which a wish without any answer is made again

export function start({ element, trigger, props, watch }, { TITLES }) {
  const root = element.querySelector(".cxr-lesson");
  const find = (selector) => root.querySelector(selector);

  function asked() { // the step that stands in the address, or null
    const number = Number(new URLSearchParams(location.search).get("lesson"));
    return Number.isInteger(number) && number >= 1 && number <= TITLES.length ? number : null;
  }

  // What this visitor has answered, kept until the window is closed: { step: true | false }.
  let answered = {};
  try { answered = JSON.parse(sessionStorage.getItem(KEPT)) || {}; } catch { /* no leave to keep anything */ }
  let waiting = null; // the timer of a wish that is not answered
  let wishes = 0; // the number sets an answer apart from an equal one before
  let current = asked() || 1, step = null, focusNext = false, linked = asked() !== null;

  const items = TITLES.map((title, index) => {
    const item = make("li"), button = make("button", "", title), mark = make("span", "cxr-mark");
    button.type = "button";
    button.prepend(mark);
    button.addEventListener("click", () => go(index + 1));
    item.append(button);
    return { item, button, mark };
  });
  find("ol").replaceChildren(...items.map(({ item }) => item));

  function progress() {
    items.forEach(({ button, mark }, index) => {
      const result = answered[index + 1];
      mark.textContent = result === true ? "\u2713" : result === false ? "\u2022" : String(index + 1);
      const told = { number: index + 1, title: TITLES[index] };
      button.setAttribute("aria-label", result === true ? text("Step {number}: {title}, answered", told)
        : result === false ? text("Step {number}: {title}, tried", told) : text("Step {number}: {title}", told));
      if (index + 1 === current) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    const right = Object.values(answered).filter((result) => result === true).length;
    find(".cxr-progress").textContent = text("{right} of {questions} questions answered. About ten minutes in all.", { right, questions: TITLES.length });
  }

  // ---- the address -----------------------------------------------------------------------------------------------------

  function address(number) {
    const url = new URL(location.href);
    url.searchParams.set("lesson", number);
    return url;
  }

  function go(number, remember = true) {
    if (remember && number !== current) {
      if (asked() !== current) history.replaceState(history.state, "", address(current)); // so that Back leads here
      history.pushState(null, "", address(number));
    }
    current = number;
    focusNext = remember;
    progress();
    want();
  }

  function want() {
    if (!step || step.number !== current) {
      find("article").classList.add("cxr-waiting");
      find(".cxr-measuring").textContent = text("Measuring this step on the checkpoint…");
    }
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (element.isConnected && step?.number !== current) want(); }, PATIENCE);
    trigger("wanted", { step: current, number: ++wishes });
  }

  function rest(said = "") {
    clearTimeout(waiting);
    find("article").classList.remove("cxr-waiting");
    find(".cxr-measuring").textContent = said;
  }

  // The queue was full for too long (retry_full_queue.js): nothing will come.
  listen(element, EVENTS.queue, ({ state, wish }) => {
    if (state === "refused" && (!wish || "step" in wish)) rest(text("Too many people were asking: this step was not measured. Choose it again."));
  });

  function opened(event) {
    if (!element.isConnected) return window.removeEventListener("popstate", opened);
    const number = asked();
    if (number === null) return;
    panelTab("lesson")?.click();
    go(number, false);
  }
  window.addEventListener("popstate", opened);

  // ---- one step --------------------------------------------------------------------------------------------------------

  function verdict(picked) {
    const told = find(".cxr-told"), right = picked === step.answer;
    told.dataset.right = right;
    told.replaceChildren(make("b", "", `${right ? text("Right.") : text("Not quite: try again.")} `), step.reasons[picked]);
  }

  function lay() {
    find(".cxr-count").textContent = text("Step {step} of {steps}", { step: step.number, steps: TITLES.length });
    find(".cxr-step-title").textContent = step.title;
    find(".cxr-body").replaceChildren(...step.body.map((said) => make("p", "", said)));
    find(".cxr-facts").hidden = !step.facts.length;
    find(".cxr-facts").replaceChildren(...step.facts.map((said) => make("li", "", said)));
    find(".cxr-show").textContent = step.show.label;
    find(".cxr-task").textContent = step.show.task;
    find("legend").textContent = step.question;
    find(".cxr-options").replaceChildren(...step.options.map((said, index) => {
      const label = make("label"), input = make("input");
      Object.assign(input, { type: "radio", name: "cxr-lesson-answer", value: index });
      label.append(input, make("span", "", said));
      return label;
    }));
    find(".cxr-told").replaceChildren();
    delete find(".cxr-told").dataset.right;
    find(".cxr-back").disabled = step.number === 1;
    find(".cxr-forward").disabled = step.number === TITLES.length;
  }

  function receive() {
    const value = props.value || { state: "empty" };
    find(".cxr-refusal").hidden = value.state !== "refused";
    find(".cxr-refusal").textContent = value.state === "refused" ? value.message : "";
    find("article").hidden = value.state !== "step";
    if (value.state === "step" && value.number !== current) return; // the visitor has gone on already
    rest();
    if (value.state !== "step") return;
    const same = step && step.number === value.number && step.checkpoint === value.checkpoint;
    step = value;
    if (same) return; // what was chosen stays
    lay();
    if (linked) bringPanels();
    linked = false;
    if (focusNext) {
      find(".cxr-step-title").focus({ preventScroll: true });
      if (root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
    }
    focusNext = false;
  }

  find(".cxr-question").addEventListener("submit", (event) => {
    event.preventDefault();
    const picked = find("input:checked");
    if (!picked) {
      find(".cxr-told").textContent = text("Choose an answer first.");
      return;
    }
    const right = Number(picked.value) === step.answer;
    verdict(Number(picked.value));
    answered[step.number] = answered[step.number] === true || right;
    try { sessionStorage.setItem(KEPT, JSON.stringify(answered)); } catch { /* no leave to keep anything */ }
    progress();
  });
  find(".cxr-back").addEventListener("click", () => go(current - 1));
  find(".cxr-forward").addEventListener("click", () => go(current + 1));
  find(".cxr-link").addEventListener("click", async () => {
    const url = address(current);
    url.search = new URLSearchParams({ lesson: current }).toString();
    keepLanguage(url);
    let said = text("Link copied");
    try {
      await navigator.clipboard.writeText(url.href);
    } catch { // no leave to write there, as on a page without https
      history.replaceState(history.state, "", url);
      said = text("The link stands in the address bar");
    }
    const button = find(".cxr-link");
    button.textContent = said;
    setTimeout(() => { button.textContent = text("Copy a link to this step"); }, 2500);
  });

  // On a phone the panels lie below the examples.
  function bringPanels() {
    if (window.matchMedia("(max-width: 900px)").matches) document.querySelector("#panels")?.scrollIntoView({ block: "start" });
  }

  // ---- the way to the page and back --------------------------------------------------------------------------------------

  function strip() {
    document.querySelector(".cxr-strip")?.remove();
    const bar = make("div", "cxr-strip"), task = make("p"), back = make("button", "", text("Back to the lesson")), close = make("button", "cxr-strip-close", "\u00d7");
    bar.setAttribute("role", "region");
    bar.setAttribute("aria-label", text("Lesson"));
    task.append(make("b", "", `${text("Lesson {step} of {steps}:", { step: step.number, steps: TITLES.length })} `), step.show.task);
    back.type = close.type = "button";
    close.setAttribute("aria-label", text("Put the lesson away"));
    back.addEventListener("click", () => { bar.remove(); panelTab("lesson")?.click(); bringPanels(); });
    close.addEventListener("click", () => bar.remove());
    bar.append(task, back, close);
    document.querySelector("#header")?.append(bar);
  }

  find(".cxr-show").addEventListener("click", () => {
    const { example, settings, panel, changes } = step.show;
    leaveChanges(changes ? { example, changes } : null);
    strip();
    panelTab(panel)?.click();
    if (panel !== "explain") listenOnce(EVENTS.answer, () => setTimeout(bringPanels, 300));
    tell(EVENTS.show, { example, settings });
  });

  new IntersectionObserver((entries) => {
    if (!entries.at(-1).isIntersecting) return;
    document.querySelector(".cxr-strip")?.remove();
    want();
  }).observe(root);

  progress();
  watch("value", receive);
  receive();
}
