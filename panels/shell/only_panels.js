// Some panels alone, without the side and the rest of the head: on a course page (`?embed&panels=explain,what-if`) and for a
// student's phone (`?class=CODE`). Names that the page does not have are told by panels/shell/embed.py, and show nothing.

import { panelTab } from "./elements.js";

const FIRST = "explain"; // where an address names no panel that is there
const EVERY = 50, TRIES = 400; // milliseconds between two looks for a tab: what Gradio has not built yet comes later

function panelsAsked(search) {
  const asked = new URLSearchParams(search);
  if (asked.has("class")) return ["class"];
  if (!asked.has("embed")) return null;
  const named = (asked.get("panels") || FIRST).split(",").map((name) => name.trim()).filter((name) => /^[a-z-]+$/.test(name));
  return named.length ? named : [FIRST];
}

function open(names, tries = TRIES) {
  if (!panelTab(FIRST)) {
    if (tries) setTimeout(open, EVERY, names, tries - 1);
    return;
  }
  const there = names.filter((name) => panelTab(name));
  hideOthers(there.length ? there : [FIRST]);
  const linked = new URLSearchParams(location.search);
  if (there.length && !["lesson", "quiz"].some((one) => linked.has(one))) panelTab(there[0]).click();
}

function hideOthers(names) {
  const tab = '#panels [role="tab"]';
  const rule = names.length === 1 ? "#panels > .tab-wrapper" : tab + names.map((name) => `:not([data-tab-id="${name}"])`).join("");
  const sheet = document.createElement("style");
  sheet.textContent = `${rule} { display: none !important; }`;
  document.head.append(sheet);
}

export function start() {
  const names = panelsAsked(location.search);
  if (!names) return;
  document.documentElement.classList.add("cxr-bare");
  open(names);
}
