// A draft on trial: an impression of the reader's own is taken apart into its claims, each held against the finding head. A claim
// that is pressed shows the map of its finding, in the viewer's own pictures.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";

const VERDICTS = { // verdict -> so many of it
  supported: later("{count} supported"), "not supported": later("{count} not supported"),
  missing: later("{count} missing"), unsure: later("{count} unsure"),
};
const LONGEST = 2000; // characters, as captioner/seen_and_written.py takes them

// How many of each verdict, as one sentence that is read out.
function summary(trials) {
  const count = (verdict) => trials.filter((one) => one.verdict === verdict).length;
  const told = Object.entries(VERDICTS).map(([verdict, said]) => [count(verdict), said]).filter(([many]) => many);
  if (!told.length) return text("The draft claims none of the thirteen findings, and the head sees none.");
  return `${told.map(([many, said]) => text(said, { count: many })).join(", ")}.`;
}

export function addDraft(viewer, own) {
  const box = make("details", "cxr-draft"), form = make("form", "cxr-draft-form");
  const label = make("label", "", text("An impression of your own")), typed = make("textarea", "cxr-draft-text");
  const press = make("button", "cxr-draft-ask", text("Put it on trial")), said = make("p", "cxr-draft-said");
  const list = make("ol", "cxr-draft-claims");
  typed.rows = 3;
  typed.maxLength = LONGEST;
  typed.placeholder = "Small left effusion. No pneumothorax."; // reports are read in English alone
  press.type = "submit";
  said.setAttribute("role", "status");
  label.append(typed);
  form.append(label, press);
  const how = text("Each claim of it is held against what the finding head sees: supported, not supported, or missing. The head can be wrong, too.");
  box.append(make("summary", "", text("A draft on trial")), make("p", "cxr-finding-record", how), form, said, list);
  box.hidden = true;
  viewer.find(".cxr-findings").append(box);

  let wish = 0, waiting = false, claims = []; // claims: { node, entry } of each line

  function line(trial) {
    const entry = own.answer.entries.find((one) => one.name === trial.finding);
    const item = make("li"), node = make("button", "cxr-claim");
    node.type = "button";
    node.dataset.verdict = trial.verdict;
    node.append(make("span", "cxr-claim-verdict", text(trial.verdict)), " ", make("span", "cxr-claim-title", trial.title), " ", make("span", "cxr-claim-sentence", trial.sentence));
    node.addEventListener("click", () => own.choose(entry));
    item.append(node);
    claims.push({ node, entry });
    return item;
  }

  function forget() {
    wish += 1;
    waiting = false;
    claims = [];
    list.replaceChildren();
    said.textContent = "";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    forget();
    waiting = true;
    said.textContent = text("The head looks at it …");
    viewer.trigger("trial", { number: wish, id: viewer.answer.id, draft: typed.value });
  });

  listen(viewer.element, EVENTS.trial, (answer) => {
    if (!waiting || answer.number !== wish || answer.id !== viewer.answer.id) return;
    waiting = false;
    said.textContent = answer.message || summary(answer.trials);
    if (!answer.message) list.replaceChildren(...answer.trials.map(line));
    mark();
  });

  // Which claims are of the finding on show.
  function mark() {
    for (const { node, entry } of claims) node.setAttribute("aria-pressed", String(entry === own.chosen));
  }

  return {
    mark,
    // Of another study nothing is known yet; the draft itself stays.
    lay(there) {
      forget();
      box.hidden = !there;
    },
  };
}
