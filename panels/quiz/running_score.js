// How often student and model were right so far, added up in the browser: the server keeps nothing.

import { make } from "../shell/elements.js";

const WHAT = [["findings", "findings"], ["sides", "sides"], ["inside", "places"]];

const sum = (results, who, key) => results.reduce(([right, of], result) => [right + result[who][key][0], of + result[who][key][1]], [0, 0]);

function told(results, who) {
  return WHAT.map(([key, name]) => [name, sum(results, who, key)])
    .filter(([, [, of]]) => of)
    .map(([name, [right, of]]) => `${name} ${right} of ${of}`).join(", ");
}

// Places that a mark set at random would have been inside: what the pictures add is what exceeds it.
function byChance(results) {
  const all = results.flatMap((result) => Object.values(result.chance));
  return all.length ? `Marks set at random would be inside ${all.reduce((total, share) => total + share, 0).toFixed(1)} of ${all.length}.` : "";
}

// `results`: answers of the server, each as explain/quiz.py `as_dict` gives it.
export function scoreLine(results) {
  if (!results.length) return "";
  const model = told(results, "model");
  return [`You: ${told(results, "student")}.`, model ? `The model: ${model}.` : "", byChance(results)].filter(Boolean).join(" ");
}

export function scoreTable(results) {
  const table = make("table"), head = make("tr"), body = make("tbody"), top = make("thead");
  const cell = (text, tag = "td") => {
    const made = make(tag, "", text);
    if (tag === "th") made.scope = "col";
    return made;
  };
  head.append(cell("Case", "th"), cell("What is true", "th"), cell("You", "th"), cell("The model", "th"));
  top.append(head);
  for (const result of results) {
    const row = make("tr"), name = cell(result.title, "th");
    name.scope = "row";
    row.append(name, cell(result.reference), ...["student", "model"].map((who) => {
      const [inside, of] = result[who].inside;
      return cell(`${result[who].verdict}${of ? ` Places: ${inside} of ${of}.` : ""}`);
    }));
    body.append(row);
  }
  table.append(top, body);
  return table;
}
