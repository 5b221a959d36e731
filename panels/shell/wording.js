// Numbers and words as the page says them.

export const percent = (share) =>
  share > 0 && share < 0.005 ? "<1%" : share >= 0.995 && share < 1 ? ">99%" : `${Math.round(share * 100)}%`;
export const signed = (number) => number.toFixed(2).replace("-", "\u2212");
export const short = (number) => number.toPrecision(2).replace("-", "\u2212");
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const SPOKEN = { ".": "full stop", "<end>": "end of impression", "(end)": "end of impression" };
export const spoken = (text) => SPOKEN[text] ?? text;
