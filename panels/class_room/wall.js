// The teacher's wall: code and QR, how many answered, and after the reveal all marks beside the model's map.

import { make } from "../shell/elements.js";
import { text } from "../shell/language.js";
import { makeMarkingFilm } from "../quiz/marking_film.js";
import { bars, drawOver, mapsOf, marksOf, outline, sentences } from "./results.js";

const LOCAL = /^(localhost|127\.|\[::1\])/;

function button(name, className, pressed) {
  const made = make("button", className, name);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

// `send(wish)` asks the server. Returns { node, show(state) }.
export function makeWall(send) {
  const node = make("div", "cxr-wall"), aside = make("aside"), stage = make("div", "cxr-wall-stage");
  const code = make("p", "cxr-wall-code"), qr = make("img", "cxr-wall-qr"), link = make("p", "cxr-fine cxr-wall-link");
  const local = make("p", "cxr-wall-local", text("This address is this machine’s own: phones cannot reach it."));
  const count = make("p", "cxr-wall-count"), left = make("p", "cxr-fine");
  count.setAttribute("role", "status");
  local.hidden = !LOCAL.test(location.host);
  let now = null, views = null, closing = false;

  const reveal = button(text("Reveal"), "cxr-primary", () => send({ do: "reveal" }));
  const next = button(text("Next case"), "cxr-primary", () => send({ do: "go", at: now.at + 1 }));
  const back = button(text("Back"), "", () => send({ do: "go", at: now.at - 1 }));
  const close = button(text("Close the room"), "", () => {
    if (closing) return send({ do: "close" });
    closing = true;
    close.textContent = text("Close it for good?");
    setTimeout(() => { closing = false; close.textContent = text("Close the room"); }, 4000);
  });
  const turn = make("div", "cxr-wall-turn");
  turn.append(reveal, next, back, close);
  aside.append(qr, code, link, local, count, turn, left);
  node.append(aside, stage);

  function film(title) {
    const part = make("section"), made = makeMarkingFilm(views);
    made.lock();
    for (const frame of made.frames) frame.say("");
    part.append(make("h3", "", title), made.node);
    return [part, made];
  }

  function lay() {
    const title = make("h2", "", text("Case {number} of {cases}", { number: now.at + 1, cases: now.count }));
    title.tabIndex = -1;
    if (!now.revealed) {
      const [part] = film(text("Mark the place on both views, and pick the finding."));
      stage.replaceChildren(title, part);
      return;
    }
    const [own, marked] = film(text("The class: where {answered} marked", { answered: now.told.answered })), pair = make("div", "cxr-wall-pair");
    pair.append(own);
    drawOver(marked, marksOf(now.told));
    outline(marked, now.truth);
    if (now.model?.maps) {
      const [part, read] = film(text("The model. {about}", { about: now.model.about }));
      drawOver(read, mapsOf(now.model), now.model.extent);
      outline(read, now.truth);
      pair.append(part);
    } else pair.append(make("p", "cxr-wall-waits", now.model ? now.model.about : text("The model is asked…")));
    const said = make("div", "cxr-wall-said");
    said.append(bars(now.told), sentences(now));
    stage.replaceChildren(title, pair, said);
  }

  function show(state) {
    const before = now;
    now = state;
    views = state.views || views;
    if (state.qr) {
      qr.src = state.qr;
      qr.alt = text("QR code of {link}", { link: state.link });
      link.textContent = state.link.replace(/^https?:\/\//, "");
    }
    code.replaceChildren(make("span", "cxr-unseen", `${text("Code:")} `), `${state.code.slice(0, 3)} ${state.code.slice(3)}`);
    const around = text("{answered} of {joined} answered", { joined: state.joined }).split("{answered}");
    count.replaceChildren(around[0], make("b", "", String(state.answered)), around[1] ?? "");
    left.textContent = text("The room closes in {count} minutes.", { count: state.minutes });
    reveal.hidden = state.revealed;
    next.hidden = !state.revealed || state.at + 1 >= state.count;
    back.disabled = !state.at;
    const same = before && before.at === state.at && before.revealed === state.revealed && !before.model === !state.model;
    if (same && (!state.views || !before)) return;
    lay();
    if (before && before.at !== state.at) stage.querySelector("h2").focus({ preventScroll: true });
    if (state.revealed && !state.model) send({ do: "ask_model" });
  }
  return { node, show };
}
