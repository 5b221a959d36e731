// The page's language: that of the server (captioner/language.py), by the catalogue in the head of the page
// (panels/shell/catalogues.py). A sentence is written in English, and looked up by itself.

const { language, catalogue } = window.cxrText ?? { language: "en", catalogue: {} };
const plural = new Intl.PluralRules(language);

// How the language writes 1234.5%, and so what it has in place of English's marks: as MARKS in captioner/language.py.
const percents = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1 }).formatToParts(12.345);
const mark = (...types) => percents.filter(({ type }) => types.includes(type)).map(({ value }) => value).join("");
const MARKS = { ".": mark("decimal"), ",": mark("group"), "%": mark("literal", "percentSign") };

// A number that is written as in English, with the marks of the visitor's language: for a person, never for a style or an address.
export const number = (written) => written.replace(/[.,%]/g, (sign) => MARKS[sign]);

const spoken = (value) => (typeof value === "number" ? number(String(value)) : value);

// `sentence` in the visitor's language, each placeholder {name} filled in from `values`; `count` chooses among plural forms.
export function text(sentence, values = {}) {
  const entry = Object.hasOwn(catalogue, sentence) ? catalogue[sentence] : sentence;
  const worded = typeof entry === "string" ? entry : entry[plural.select(Number(values.count))] ?? entry.other;
  return worded.replace(/\{([a-z_]+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? spoken(values[name]) : whole));
}

// The sentence itself: it stands in a table, and `text` is asked for it when it is shown.
export const later = (sentence) => sentence;

// A link to the page speaks the language that this page was asked for; `address` is a URL.
export function keepLanguage(address) {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked !== null) address.searchParams.set("lang", asked);
  return address;
}
