// Numbers and words as the page says them.

import { later, number, text } from "./language.js";

// Numbers as captioner/numbers.py has them, in the visitor's language.
export const decimal = (value, digits = 2) => number(value.toFixed(digits).replace("-", "\u2212"));
export const short = (value) => number(value.toPrecision(2).replace("-", "\u2212"));
export const rounded = (share) => number(`${Math.round(share * 100)}%`);
export const percent = (share) =>
  share > 0 && share < 0.005 ? number("<1%") : share >= 0.995 && share < 1 ? number(">99%") : rounded(share);
export const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

const VIEWS = { frontal: later("frontal"), lateral: later("lateral"), "frontal, again": later("frontal, again") };
export const viewName = (name) => (Object.hasOwn(VIEWS, name) ? text(VIEWS[name]) : name);

const END = later("end of impression");
const SPOKEN = { ".": later("full stop"), "<end>": END, "(end)": END };
// A word of the impression, which stays as the model wrote it; what is no word is said.
export const spoken = (word) => (Object.hasOwn(SPOKEN, word) ? text(SPOKEN[word]) : word);
