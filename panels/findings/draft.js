// A draft on trial: an impression of the reader's own is taken apart into its claims, each held against the finding head. A claim
// that is pressed shows the map of its finding, in the viewer's own pictures.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";

const LONGEST = 2000; // characters, as captioner/seen_and_written.py takes them

// How many of each verdict, as one sentence that is read out.
function summary(trials) {
  const count = (verdict) => trials.filter((one) => one.verdict === verdict).length;
  const told = ["supported", "not supported", "missing", "unsure"].map((verdict) => [count(verdict), verdict]).filter(([many]) => many);
  return told.length ? `${told.map(([many, verdict]) => `${many} ${verdict}`).join(", ")}.` : "The draft claims none of the thirteen findings, and the head sees none.";
}

export function addDraft(viewer, own) {
  const box = make("details", "cxr-draft"), form = make("form", "cxr-draft-form");
  const label = make("label", "", "An impression of your own"), text = make("textarea", "cxr-draft-text");
  const press = make("button", "cxr-draft-ask", "Put it on trial"), said = make("p", "cxr-draft-said");
  const list = make("ol", "cxr-draft-claims");
  text.rows = 3;
  text.maxLength = LONGEST;
  text.placeholder = "Small left effusion. No pneumothorax.";
  press.type = "submit";
  said.setAttribute("role", "status");
  label.append(text);
  form.append(label, press);
  box.append(make("summary", "", "A draft on trial"), make("p", "cxr-finding-record", "Each claim of it is held against what the finding head sees: supported, not supported, or missing. The head can be wrong, too."), form, said, list);
  box.hidden = true;
  viewer.find(".cxr-findings").append(box);

  let wish = 0, waiting = false, claims = []; // claims: { node, entry } of each line

  function line(trial) {
    const entry = own.answer.entries.find((one) => one.name === trial.finding);
    const item = make("li"), node = make("button", "cxr-claim");
    node.type = "button";
    node.dataset.verdict = trial.verdict;
    node.append(make("span", "cxr-claim-verdict", trial.verdict), " ", make("span", "cxr-claim-title", trial.title), " ", make("span", "cxr-claim-sentence", trial.sentence));
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
    said.textContent = "The head looks at it …";
    viewer.trigger("trial", { number: wish, id: viewer.answer.id, draft: text.value });
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
