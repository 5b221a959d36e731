// The quiz in the browser: one case after the other, asked and then answered. The server is asked for the film of a case, which
// says nothing of what is there, and then for the judgement (panels/quiz/panel.py). What was answered is kept here alone.

import { EVENTS, listen } from "../shell/events.js";
import { text } from "../shell/language.js";
import { useColours } from "../viewer/maps.js";
import { addressOf, askedFor, makeChooser } from "./chooser.js";
import { makeMarkingFilm } from "./marking_film.js";
import { makeQuestion } from "./question.js";
import { drawAnswer, tellAnswer } from "./reveal.js";
import { scoreLine, scoreTable } from "./running_score.js";

const RUNNING = "cxr-quiz-running"; // of the body: what gives an answer away is hidden (quiz.css)
const PATIENCE = 10_000; // milliseconds after which a film that has not come is asked for again

export function start({ element, trigger, props, watch }, constants) {
  const root = element.querySelector(".cxr-quiz"), find = (selector) => root.querySelector(selector);
  const form = find(".cxr-quiz-form"), send = find(".cxr-quiz-form button[type=submit]"), told = find(".cxr-quiz-told");
  useColours(constants.COLOURS);
  const question = makeQuestion(form, constants);
  let quiz = null; // { cases: [{ code, reference }], at, results, film }; null: none runs
  let wishes = 0, waiting = null; // a wish's number sets its answer apart from an equal one before

  function phase(name) {
    find(".cxr-quiz-begin").hidden = name !== "begin";
    find(".cxr-quiz-run").hidden = name !== "run";
    find(".cxr-quiz-over").hidden = name !== "over";
    document.body.classList.toggle(RUNNING, name === "run");
  }

  function refuse(sentence) {
    find(".cxr-refusal").hidden = !sentence;
    find(".cxr-refusal").textContent = sentence;
  }

  function say(sentence) {
    find(".cxr-quiz-waiting").textContent = sentence;
  }

  function rest() {
    clearTimeout(waiting);
    say("");
    send.disabled = false;
  }

  // ---- one case after the other ----

  const here = () => quiz.cases[quiz.at];

  function ask() {
    say(text("Fetching the film…"));
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (element.isConnected && quiz && !quiz.film) ask(); }, PATIENCE);
    trigger("shown", { wish: ++wishes, ...here() });
  }

  function begin(cases) {
    refuse("");
    quiz = { cases, at: 0, results: [], film: null };
    ask();
  }

  function lay(views) {
    const first = quiz.at === 0 && !quiz.results.length;
    quiz.film = makeMarkingFilm(views);
    find(".cxr-quiz-film").replaceChildren(quiz.film.node);
    find(".cxr-quiz-layers").hidden = told.hidden = true;
    form.hidden = find(".cxr-quiz-how").hidden = false;
    question.clear();
    find(".cxr-quiz-run h2").textContent = quiz.cases.length === 1
      ? text("What is this?") : text("Case {number} of {cases}", { number: quiz.at + 1, cases: quiz.cases.length });
    find(".cxr-quiz-score").textContent = scoreLine(quiz.results);
    phase("run");
    find(".cxr-quiz-run h2").focus({ preventScroll: true });
    if (!first || root.getBoundingClientRect().top < 0 || root.getBoundingClientRect().top > 200) root.scrollIntoView({ block: "start" });
  }

  function reveal(result) {
    quiz.results.push(result);
    form.hidden = find(".cxr-quiz-how").hidden = true;
    drawAnswer(quiz.film, result, find(".cxr-quiz-layers"));
    find(".cxr-quiz-score").textContent = scoreLine(quiz.results);
    tellAnswer(told, result, quiz.at + 1 === quiz.cases.length, goOn);
  }

  function goOn() {
    if (quiz.at + 1 === quiz.cases.length) return end();
    quiz.at += 1;
    quiz.film = null;
    ask();
  }

  function end() {
    rest();
    const results = quiz?.results || [];
    quiz = null;
    history.replaceState(history.state, "", addressOf(null)); // a reload does not begin it again
    if (!results.length) {
      phase("begin");
      find(".cxr-quiz-lot").focus();
      return;
    }
    find(".cxr-quiz-table").replaceChildren(scoreTable(results));
    find(".cxr-quiz-total").textContent = scoreLine(results);
    phase("over");
    find(".cxr-quiz-over h2").focus();
  }

  // ---- what the server says ----

  function receive() {
    const value = props.value || {};
    if (!quiz || value.wish !== wishes) return; // of a quiz that was ended
    rest();
    if (value.state === "case" && !quiz.film) lay(value.views);
    else if (value.state === "judged" && quiz.results.length === quiz.at) reveal(value);
    else if (value.state === "refused" && quiz.film) question.say(value.message);
    else if (value.state === "refused") {
      end();
      refuse(value.message);
    }
  }

  // The queue was full for too long (retry_full_queue.js): nothing will come.
  listen(element, EVENTS.queue, ({ state, wish }) => {
    if (state !== "refused" || !quiz || (wish && !("wish" in wish))) return;
    rest();
    const sentence = text("Too many people were asking. Try it again.");
    if (quiz.film) return question.say(sentence);
    end();
    refuse(sentence);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (send.disabled) return;
    question.say("");
    send.disabled = true;
    say(text("Judging…"));
    trigger("answered", { wish: ++wishes, ...here(), marks: quiz.film.marks(), ...question.answer() });
  });
  find(".cxr-quiz-end").addEventListener("click", end);
  find(".cxr-quiz-again").addEventListener("click", () => {
    phase("begin");
    find(".cxr-quiz-lot").focus();
  });
  const beginWith = (codes) => begin(codes.map((code) => ({ code })));
  makeChooser(root, constants, beginWith, (reference) => begin([{ code: null, reference }]));
  watch("value", receive);

  const asked = askedFor(constants);
  if (asked) {
    history.replaceState(history.state, "", addressOf(asked)); // names would give the answers away
    beginWith(asked);
  }
}
