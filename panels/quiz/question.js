// The question of the quiz: which of the thirteen findings are there, on which side; or nothing; or in words.

import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";
import { capital } from "../shell/wording.js";

const NOTHING = later("nothing abnormal");
const NAMES = { left: later("patient’s left"), right: later("patient’s right"), bilateral: later("both sides") };

function check(finding) {
  const label = make("label", "cxr-quiz-finding"), input = make("input");
  input.type = "checkbox";
  label.append(input, make("span", "", capital(text(finding))));
  return { label, input };
}

// The side of a finding: asked for when it is chosen.
function sideOf(finding, sides) {
  const select = make("select");
  select.setAttribute("aria-label", text("Side of {finding}", { finding: text(finding) }));
  select.append(new Option(text("which side?"), ""), ...sides.map((side) => new Option(text(NAMES[side]), side)));
  select.hidden = true;
  return select;
}

export function makeQuestion(form, { FINDINGS, SIDED, SIDES }) {
  const typed = form.querySelector(".cxr-quiz-type input"), missing = form.querySelector(".cxr-quiz-missing");
  const nothing = check(NOTHING);
  const rows = FINDINGS.map((finding) => ({ finding, ...check(finding), side: SIDED.includes(finding) ? sideOf(finding, SIDES) : null }));

  function follow() {
    for (const { input, side } of rows) if (side) side.hidden = !input.checked;
  }
  nothing.input.addEventListener("change", () => {
    if (nothing.input.checked) for (const { input } of rows) input.checked = false;
    follow();
  });
  for (const { input } of rows)
    input.addEventListener("change", () => {
      if (input.checked) nothing.input.checked = false;
      follow();
    });
  const lines = rows.map(({ label, side }) => {
    const line = make("div", "cxr-quiz-line");
    line.append(label, ...(side ? [side] : []));
    return line;
  });
  form.querySelector(".cxr-quiz-findings").append(nothing.label, ...lines);

  return {
    clear() {
      form.reset();
      missing.textContent = "";
      follow();
    },
    say: (sentence) => { missing.textContent = sentence; },
    // As panels/quiz/request.py takes it, without the marks.
    answer: () => ({
      findings: rows.filter(({ input }) => input.checked).map(({ finding, side }) => ({ name: finding, side: side?.value || null })),
      nothing: nothing.input.checked,
      text: typed.value,
    }),
  };
}
