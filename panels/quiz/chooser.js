// Where a quiz begins: cases by lot, chosen ones, or a study of the visitor's own; and the link to chosen ones.

import { make } from "../shell/elements.js";
import { keepLanguage, text } from "../shell/language.js";

const BY_LOT = 5;

// A fresh order of some of `cases`, each as likely as another (Fisher and Yates).
function drawn(cases, count) {
  const left = [...cases];
  for (let at = left.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [left[at], left[other]] = [left[other], left[at]];
  }
  return left.slice(0, count);
}

// The codes of the cases in the address, or null: as panels/shell/deep_link.py, which says what is wrong with others.
export function askedFor({ CASES, MOST }) {
  const asked = new URLSearchParams(location.search).get("quiz");
  if (!asked) return null;
  const found = asked.split(",").map((part) => CASES.find(({ code, name }) => [code, name].includes(part.trim()))?.code);
  const once = [...new Set(found)];
  return once.includes(undefined) || once.length > MOST ? null : once;
}

// The page's address with a quiz of these codes, or with none.
export function addressOf(codes) {
  const url = new URL(location.href);
  if (codes) url.search = `?quiz=${codes.join(",")}`;
  else url.searchParams.delete("quiz");
  return keepLanguage(url);
}

async function copy(button, codes) {
  const before = button.textContent, url = addressOf(codes);
  try {
    await navigator.clipboard.writeText(url.href);
    button.textContent = text("Link copied");
  } catch { // no leave to write there, as on a page without https
    history.replaceState(history.state, "", url);
    button.textContent = text("The link stands in the address bar");
  }
  setTimeout(() => { button.textContent = before; }, 2500);
}

// `begin(codes)` starts a quiz of cases of the page, `beginOwn(reference)` one of the visitor's own study.
export function makeChooser(root, { CASES, MOST }, begin, beginOwn) {
  const find = (selector) => root.querySelector(selector);
  const codes = CASES.map(({ code }) => code), count = Math.min(BY_LOT, codes.length);
  const lot = find(".cxr-quiz-lot"), start = find(".cxr-quiz-chosen"), link = find(".cxr-quiz-copy");
  lot.textContent = text("Start: {count} cases drawn by lot", { count });
  lot.hidden = find(".cxr-quiz-choose").hidden = !codes.length;
  lot.addEventListener("click", () => begin(drawn(codes, count)));

  const boxes = CASES.map(({ code, title }) => {
    const label = make("label"), input = make("input");
    Object.assign(input, { type: "checkbox", value: code });
    label.append(input, make("span", "", title));
    find(".cxr-quiz-cases").append(label);
    return input;
  });
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  function follow() {
    const count = chosen().length;
    start.textContent = count ? text("Start with these {count} cases", { count }) : text("Start with the chosen cases");
    for (const button of [start, link]) button.disabled = !count || count > MOST;
    for (const box of boxes) box.disabled = !box.checked && count >= MOST;
  }
  find(".cxr-quiz-cases").addEventListener("change", follow);
  start.addEventListener("click", () => begin(chosen()));
  link.addEventListener("click", () => copy(link, chosen()));
  follow();

  find(".cxr-quiz-own form").addEventListener("submit", (event) => {
    event.preventDefault();
    beginOwn(find("#quiz-reference").value);
  });
}
