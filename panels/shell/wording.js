// Numbers and words as the page says them.

import { later, number, text } from "./language.js";

// Numbers as captioner/numbers.py has them, in the visitor's language: a true minus sign, and none before what rounds to zero.
const withMinus = (written) => number(written.replace("-", /[1-9]/.test(written) ? "\u2212" : ""));
export const decimal = (value, digits = 2) => withMinus(value.toFixed(digits));
export const short = (value) => withMinus(value.toPrecision(2));
export const rounded = (share, digits = 0) => number(`${(share * 100).toFixed(digits)}%`);
export const percent = (share) =>
  share > 0 && share < 0.005 ? number("<1%") : share >= 0.995 && share < 1 ? number(">99%") : rounded(share);
export const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

const VIEWS = { frontal: later("frontal"), lateral: later("lateral"), "frontal, again": later("frontal, again") };
export const viewName = (name) => (Object.hasOwn(VIEWS, name) ? text(VIEWS[name]) : name);

const END = later("end of impression");
const SPOKEN = { ".": later("full stop"), "<end>": END, "(end)": END };
// A word of the impression, which stays as the model wrote it; what is no word is said.
export const spoken = (word) => (Object.hasOwn(SPOKEN, word) ? text(SPOKEN[word]) : word);
