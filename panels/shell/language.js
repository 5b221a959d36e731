// The page's language: that of the server (captioner/language.py), by the catalogue in the head of the page
// (panels/shell/catalogues.py). A sentence is written in English, and looked up by itself.

const { language, catalogue } = window.cxrText ?? { language: "en", catalogue: {} };
const plural = new Intl.PluralRules(language);

// `sentence` in the visitor's language, each placeholder {name} filled in from `values`; `count` chooses among plural forms.
export function text(sentence, values = {}) {
  const entry = Object.hasOwn(catalogue, sentence) ? catalogue[sentence] : sentence;
  const worded = typeof entry === "string" ? entry : entry[plural.select(Number(values.count))] ?? entry.other;
  return worded.replace(/\{([a-z_]+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? values[name] : whole));
}

// The sentence itself: it stands in a table, and `text` is asked for it when it is shown.
export const later = (sentence) => sentence;

// A link to the page speaks the language that this page was asked for; `address` is a URL.
export function keepLanguage(address) {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked !== null) address.searchParams.set("lang", asked);
  return address;
}
