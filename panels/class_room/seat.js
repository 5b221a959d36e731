// A student's place: mark both views, pick a finding, send; after the reveal the own marks beside what was planted.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { capital } from "../shell/wording.js";
import { makeMarkingFilm } from "../quiz/marking_film.js";
import { bars, outline, sentences } from "./results.js";

// `choices`: the findings; `send(wish)` asks the server. Returns { node, show(state) }.
export function makeSeat(choices, send) {
  const node = make("div", "cxr-seat");
  let now = null, views = null, film = null, pick = null, button = null, said = null;

  function changed() {
    if (now.own) said.textContent = text("Not sent yet: your earlier answer counts.");
    button.textContent = now.own ? text("Send the change") : text("Send");
    button.disabled = !pick.value;
  }

  function layQuestion(title) {
    film = makeMarkingFilm(views, changed);
    const form = make("form", "cxr-seat-form"), label = make("label", "", `${text("What is there?")} `), first = make("option", "", text("Pick a finding"));
    pick = make("select");
    first.value = "";
    pick.append(first, ...choices.map((name) => Object.assign(make("option", "", capital(text(name))), { value: name })));
    pick.addEventListener("change", changed);
    button = make("button", "cxr-primary", text("Send"));
    button.type = "submit";
    button.disabled = true;
    said = make("p", "cxr-seat-said");
    said.setAttribute("role", "status");
    label.append(pick);
    form.append(label, button, said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.disabled = true;
      send({ do: "answer", at: now.at, answer: { finding: pick.value, ...film.marks() } });
    });
    const how = make("p", "cxr-fine", text("Tap the place on both views. A place without a finding needs no mark."));
    node.replaceChildren(title, how, film.node, form);
    if (!now.own) return;
    film.set(now.own);
    pick.value = now.own.finding;
  }

  function layAnswer(title) {
    film = makeMarkingFilm(views);
    film.set(now.own || {});
    film.lock();
    outline(film, now.truth);
    const right = now.own && now.told.findings.some(({ name, true: there }) => there && name === now.own.finding);
    const finding = now.own && text(now.own.finding);
    const said = !now.own ? text("You had not answered.")
      : right ? text("You picked {finding}: it is there.", { finding }) : text("You picked {finding}: it is not there.", { finding });
    const own = make("p", "cxr-seat-verdict", said);
    if (now.own) own.dataset.right = right;
    node.replaceChildren(title, own, film.node, sentences(now), bars(now.told));
  }

  function show(state) {
    const before = now;
    now = state;
    views = state.views || views;
    const same = before && before.at === state.at && before.revealed === state.revealed && !state.views;
    if (!same || (state.revealed && !before.model !== !state.model)) {
      const title = make("h2", "", text("Case {number} of {cases}", { number: state.at + 1, cases: state.count }));
      title.tabIndex = -1;
      if (state.revealed) layAnswer(title);
      else layQuestion(title);
      if (before) title.focus({ preventScroll: !same });
    }
    if (!state.revealed && state.own && JSON.stringify(state.own) !== JSON.stringify(before?.own)) {
      said.textContent = text("Your answer is in. You can change it until it is revealed.");
      button.textContent = text("Send");
    }
  }
  // The server did not take the answer.
  const refused = () => { if (button) button.disabled = !pick.value; };
  return { node, show, refused };
}
