// How often student and model were right so far, added up in the browser: the server keeps nothing.

import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";
import { decimal } from "../shell/wording.js";

const WHAT = {
  findings: later("findings {right} of {of}"),
  sides: later("sides {right} of {of}"),
  inside: later("places {right} of {of}"),
};

const sum = (results, who, key) => results.reduce(([right, of], result) => [right + result[who][key][0], of + result[who][key][1]], [0, 0]);

function told(results, who) {
  return Object.entries(WHAT).map(([key, counted]) => [counted, sum(results, who, key)])
    .filter(([, [, of]]) => of)
    .map(([counted, [right, of]]) => text(counted, { right, of })).join(", ");
}

// Places that a mark set at random would have been inside: what the pictures add is what exceeds it.
function byChance(results) {
  const all = results.flatMap((result) => Object.values(result.chance));
  const inside = decimal(all.reduce((total, share) => total + share, 0), 1);
  return all.length ? text("Marks set at random would be inside {inside} of {marks}.", { inside, marks: all.length }) : "";
}

// `results`: answers of the server, each as explain/quiz_judgement.py `as_dict` gives it.
export function scoreLine(results) {
  if (!results.length) return "";
  const model = told(results, "model");
  return [text("You: {said}.", { said: told(results, "student") }), model ? text("The model: {said}.", { said: model }) : "", byChance(results)].filter(Boolean).join(" ");
}

export function scoreTable(results) {
  const table = make("table"), head = make("tr"), body = make("tbody"), top = make("thead");
  const cell = (said, tag = "td") => {
    const made = make(tag, "", said);
    if (tag === "th") made.scope = "col";
    return made;
  };
  head.append(...[text("Case"), text("What is true"), text("You"), text("The model")].map((title) => cell(title, "th")));
  top.append(head);
  for (const result of results) {
    const row = make("tr"), name = cell(result.title, "th");
    name.scope = "row";
    row.append(name, cell(result.reference), ...["student", "model"].map((who) => {
      const [inside, of] = result[who].inside;
      return cell([result[who].verdict, of ? text("Places: {inside} of {of}.", { inside, of }) : ""].filter(Boolean).join(" "));
    }));
    body.append(row);
  }
  table.append(top, body);
  return table;
}
