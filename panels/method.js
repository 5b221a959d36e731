// Goes on in the scope of viewer.js: maps by any method of explanation, asked for word by word or all at once.
// METHODS (panels/method.py) says what is on offer. The maps come with the event "cxr-maps".

const methodOf = (name) => METHODS.find((one) => one.name === name);
const bar = find(".cxr-methods"), picker = find(".cxr-method"), rival = find(".cxr-against");
const spoken = (text) => (text === "<end>" ? "end of impression" : text === "." ? "full stop" : text);

let current = "attention"; // the method on show
let against = null; // the alternative that the chosen word is compared with, { token_id, text }
let found = new Map(); // "method|word|token" -> what `seen` returns
let wish = 0; // the number of the last wish; the server answers each under its number
let waiting = null; // the wish that is being computed: { number, method, word, against }
let trouble = ""; // why the last wish came to nothing

const keyOf = (word, other = null) => [current, word, other ? other.token_id : ""].join("|");
const rivalOf = (word) => (word === chosen ? against : null);
const hasAttention = () => answer.words.every((word) => word.maps);

const attentionMap = seen;
seen = (index) => (current === "attention" ? attentionMap(index) : found.get(keyOf(index, rivalOf(index))) || null);

unseen = (word) => {
  if (waiting) return `${hasAttention() ? "" : "This checkpoint has no attention. "}The map is being computed.`;
  const lacking = `There is no map of “${spoken(word.text)}” by this method yet.`;
  return (hasAttention() ? "" : "This checkpoint has no attention. ") + (trouble || lacking);
};

const attentionRemarks = remarks;
remarks = (word, map) => {
  if (!map || map.attention) return attentionRemarks(word, map);
  const said = [...map.facts];
  if (map.signed) said.unshift(map.opposed > 0 ? `${percent(map.opposed)} of the evidence spoke against the word (blue).` : "Nothing spoke against the word.");
  if (!map.share) said.unshift("By this method no place of the pictures speaks for the word.");
  const other = rivalOf(shown());
  if (other) said.push(`Orange: what speaks for “${spoken(word.text)}” rather than “${spoken(other.text)}”.`.replace("Orange", map.signed ? "Orange" : "Bright"));
  return said;
};

// ---- wishes ----------------------------------------------------------------------------------------------------------

function halt() {
  if (waiting) trigger("stop", { kind: "maps", number: waiting.number });
  waiting = null;
}

function ask(word = null) {
  halt();
  trouble = "";
  const other = word === null ? null : rivalOf(word);
  waiting = { number: ++wish, method: current, word };
  const mine = wish;
  setTimeout(() => {
    // Not a word from the server yet: others are before us.
    if (waiting && waiting.number === mine && find(".cxr-methods .cxr-work").hidden) tellWork(find(".cxr-methods .cxr-work"), 0, 1, "Waiting for its turn");
  }, 700);
  trigger(methodOf(current).slow ? "slow_maps" : "maps", {
    number: wish, id: answer.id, method: current, word, against: other ? other.token_id : null,
  });
}

// Whatever the page lacks for the chosen word and costs little is asked for; what costs seconds waits for a press.
function want(pressed = false) {
  if (answer.state !== "caption" || !answer.words.length || current === "attention" || seen(chosen)) return;
  const slow = methodOf(current).slow, word = slow || against ? chosen : null;
  if (waiting && waiting.method === current && waiting.word === word) return;
  if (!slow || pressed) ask(word);
}

function tellWork(box, done, of, said) {
  box.hidden = false;
  const progress = box.querySelector("progress");
  if (done > 0 && of > 1) progress.value = done / of;
  else progress.removeAttribute("value"); // it has not begun: a bar that runs to and fro
  box.querySelector(".cxr-work-said").textContent = said;
}

function tell() {
  const slow = methodOf(current).slow, none = answer.words.length && current !== "attention" && !seen(chosen);
  const button = find(".cxr-ask");
  button.hidden = !none || Boolean(waiting) || !(slow || trouble);
  if (!button.hidden) button.textContent = `Compute the map of “${spoken(answer.words[chosen].text)}”`;
  if (!waiting) find(".cxr-methods .cxr-work").hidden = true;
}

function unpack(detail) {
  const { rows, columns } = detail;
  for (const [word, map] of Object.entries(detail.words)) {
    const numbers = new Float32Array(Uint8Array.from(atob(map.values), (c) => c.charCodeAt(0)).buffer);
    const maps = answer.views.map((_, view) =>
      Array.from({ length: rows }, (_, row) => Array.from(numbers.subarray((view * rows + row) * columns, (view * rows + row + 1) * columns))),
    );
    let sum = 0, opposed = 0;
    for (const value of numbers) {
      sum += Math.abs(value);
      if (value < 0) opposed -= value;
    }
    found.set([detail.method, word, detail.against ?? ""].join("|"), {
      maps, share: map.share, place: map.place, extent: detail.extent, top: map.top, signed: detail.signed,
      attention: false,
      facts: detail.against == null ? map.facts : map.facts.slice(0, -1), // a comparison is told in `remarks`
      opposed: sum ? opposed / sum : 0,
    });
  }
}

function arrived(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-maps", arrived);
  const detail = event.detail;
  if (detail.id !== answer.id || !waiting || detail.number !== waiting.number) return; // of another study, or taken back
  const box = find(".cxr-methods .cxr-work");
  if (detail.state === "working") {
    const share = detail.of > 1 ? ` ${percent(detail.done / detail.of)}` : "";
    return tellWork(box, detail.done, detail.of, `${methodOf(waiting.method).title}${share}`);
  }
  waiting = null;
  if (detail.state === "done") unpack(detail);
  if (detail.state === "refused") trouble = detail.message;
  show();
  tell();
  find(".cxr-spoken").textContent = detail.state === "done" ? "The map is there." : trouble || "Stopped.";
}
document.addEventListener("cxr-maps", arrived);

// The queue was full for too long (patient.js).
function notTaken(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-full", notTaken);
  const { state, wish: refused } = event.detail;
  if (state !== "refused" || !waiting || !refused || !("against" in refused) || refused.number !== waiting.number) return;
  waiting = null;
  trouble = "Too many people were asking: the map was not computed.";
  show();
  tell();
}
document.addEventListener("cxr-full", notTaken);

// ---- the bar ---------------------------------------------------------------------------------------------------------

picker.replaceChildren(...METHODS.map((one) => {
  const option = make("option", "", one.title);
  option.value = one.name;
  return option;
}));

function rivals() {
  const word = answer.words[chosen];
  const can = methodOf(current).contrastive;
  const none = make("option", "", can ? "no comparison" : "not by this method");
  none.value = "";
  const others = word && can ? word.alternatives.filter((other) => !other.chosen) : [];
  rival.replaceChildren(none, ...others.map((other) => {
    const option = make("option", "", `${spoken(other.text)} (${percent(Math.exp(other.log_prob))})`);
    option.value = String(other.token_id);
    option.selected = Boolean(against && against.token_id === other.token_id);
    return option;
  }));
  rival.disabled = !can;
}

function settle() {
  if (answer.state !== "caption") return document.dispatchEvent(new CustomEvent("cxr-choice", { detail: choice() }));
  const one = methodOf(current);
  picker.value = current;
  find(".cxr-meaning").textContent = one.meaning + (one.signed ? " Orange speaks for the word, blue against it." : "");
  find(".cxr-colours").disabled = one.signed;
  find(".cxr-json").textContent = current === "attention" ? "Caption (JSON)" : "Maps (JSON)";
  rivals();
  mark();
  want();
  tell();
  document.dispatchEvent(new CustomEvent("cxr-choice", { detail: choice() }));
}

// What the other panels follow: the impression, the word and the method on show.
const choice = () => {
  const words = answer.state === "caption" ? answer.words : [];
  return { id: answer.id, word: chosen, method: current, words: words.map((word) => word.text), attention: words.every((word) => word.maps) };
};

// Another panel chooses a word or a method, or only asks what is chosen.
function told(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-choose", told);
  const { word, method } = event.detail;
  if (answer.state === "caption" && Number.isInteger(word)) {
    play(false);
    choose(word, { speak: false });
  }
  if (method && method !== current && answer.state === "caption") {
    picker.value = method;
    picker.dispatchEvent(new Event("change"));
  } else {
    clearTimeout(settling);
    settle();
  }
}
document.addEventListener("cxr-choose", told);

// What was found out about the words (the panel "Trust"), as a small mark on each.
let evidence = {}; // method -> place -> { kind, short }
function judged(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-evidence", judged);
  const { id, method, marks } = event.detail;
  if (id !== answer.id) return;
  evidence[method] = marks;
  mark();
}
document.addEventListener("cxr-evidence", judged);

function mark() {
  const marks = evidence[current] || {};
  buttons.forEach((button, index) => {
    const found = marks[index], word = answer.words[index], probability = percent(Math.exp(word.log_prob));
    if (found) button.dataset.evidence = found.kind;
    else delete button.dataset.evidence;
    button.title = found ? `${probability}, ${found.short}` : probability;
    button.setAttribute("aria-label", `${named(word)}, ${button.title}`);
  });
}

const plainFollow = follow;
let followed = null, settling = null;
follow = (index) => {
  plainFollow(index);
  if (followed === `${answer.id}|${index}`) return;
  followed = `${answer.id}|${index}`;
  against = null;
  trouble = "";
  if (waiting && methodOf(waiting.method).slow) halt(); // for the word that was left
  // After the word is on the screen, and only for the last of words that are walked through quickly.
  clearTimeout(settling);
  settling = setTimeout(settle, 120);
};

picker.addEventListener("change", () => {
  halt();
  current = picker.value;
  against = null;
  trouble = "";
  settle();
  want(true);
  tell();
  show();
});
rival.addEventListener("change", () => {
  halt();
  const word = answer.words[chosen];
  against = word.alternatives.find((other) => String(other.token_id) === rival.value) || null;
  trouble = "";
  want(true);
  tell();
  show();
});
find(".cxr-ask").addEventListener("click", () => {
  want(true);
  tell();
  show();
  find(".cxr-methods .cxr-halt").focus();
});
find(".cxr-methods .cxr-halt").addEventListener("click", () => {
  halt();
  trouble = "Stopped before the map was done.";
  tell();
  show();
  find(".cxr-spoken").textContent = "Stopped.";
  (find(".cxr-ask").hidden ? picker : find(".cxr-ask")).focus();
});

// A link says the method, and the token that the word is compared with.
const linkBefore = link;
link = () => ({ ...linkBefore(), method: current, ...(against ? { against: against.token_id } : {}) });

let linked = null; // what a link brought back: its map is asked for as soon as the word is on the screen
const bringBackBefore = bringBack;
bringBack = (said) => {
  bringBackBefore(said);
  const one = METHODS.find((method) => method.name === said.method);
  if (!one || (one.name === "attention" && !hasAttention())) return;
  current = one.name;
  linked = said;
};

// A new impression: the maps of the old one are gone, the method stays.
const begun = receive;
receive = () => {
  halt();
  found = new Map();
  against = followed = null;
  evidence = {};
  const value = props.value || {};
  const words = value.words || [];
  const none = words.length > 0 && !words[0].maps;
  picker.querySelector("[value=attention]").disabled = none;
  if (none && current === "attention") current = "grad-cam";
  picker.value = current;
  linked = null;
  begun();
  if (answer.state !== "caption") document.dispatchEvent(new CustomEvent("cxr-choice", { detail: choice() }));
  if (linked && answer.words.length) {
    const others = answer.words[chosen].alternatives.filter((other) => !other.chosen);
    if (methodOf(current).contrastive) against = others.find((other) => String(other.token_id) === linked.against) || null;
    clearTimeout(settling);
    settle();
    want(true);
    tell();
    show();
  }
  bar.hidden = answer.state !== "caption" || !answer.words.length;
  find(".cxr-no-attention").hidden = !none;
};
receive();
