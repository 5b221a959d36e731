// How all sheets stood before each act, so that it can be undone.

import { UNCHANGED } from "./sheet.js";

const STEPS = 40;
const NAMES = Object.keys(UNCHANGED);

const pick = (sheet) => Object.fromEntries(NAMES.map((name) => [name, sheet[name]]));
const alike = (one, other) =>
  one.swap === other.swap && one.sheets.every((sheet, index) => {
    const second = other.sheets[index];
    return NAMES.every((name) => sheet[name] === second[name]) && sheet.mask.every((cell, at) => cell === second.mask[at]);
  });

// `bench`: { sheets, swap }, changed in place.
export function makeHistory(bench) {
  let before = []; // how all stood before each act
  let stood = null; // how all stands since the last act
  const now = () => ({ swap: bench.swap, sheets: bench.sheets.map((sheet) => ({ mask: sheet.mask.slice(), ...pick(sheet) })) });
  return {
    begin() {
      before = [];
      stood = now();
    },
    // An act is over: what changed nothing is no step to undo.
    acted() {
      const last = stood;
      stood = now();
      if (last && !alike(last, stood)) before.push(last);
      if (before.length > STEPS) before.shift();
    },
    any: () => before.length > 0,
    // Puts all as it was before the last act; whether there was one.
    undo() {
      const last = before.pop();
      if (!last) return false;
      last.sheets.forEach(({ mask, ...others }, index) => {
        bench.sheets[index].mask.set(mask);
        Object.assign(bench.sheets[index], others);
        bench.sheets[index].refresh.forEach((refresh) => refresh());
      });
      bench.swap = last.swap;
      stood = now();
      return true;
    },
  };
}
