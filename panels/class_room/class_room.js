// A class that takes part. What the server answers (panels/class_room/panel.py) makes this page the wall, a student's place, or
// the door to both. The secret of either is kept until the window is closed, and nowhere else.

import { make } from "../shell/elements.js";
import { useColours } from "../viewer/maps.js";
import { makeLook } from "./look.js";
import { makeSeat } from "./seat.js";
import { makeWall } from "./wall.js";

const KEPT = "cxr-class";
const EVERY = { wall: 1500, seat: 2500 }; // milliseconds between two looks
const PATIENCE = 10_000; // milliseconds after which a wish without any answer is made again
const SOME = 4; // cases that are chosen at first

export function start({ element, trigger, props, watch }, { CASES, CHOICES, COLOURS }) {
  useColours(COLOURS);
  const root = element.querySelector(".cxr-class"), find = (selector) => root.querySelector(selector);
  const address = new URLSearchParams(location.search), asked = address.get("class");
  const here = { base: location.origin + location.pathname, lang: address.get("lang") }; // of the link to the room
  let number = 0, heard = 0; // of the wishes; an answer that an earlier one overtook is left
  let place = null; // { key } or { seat, code }
  let part = null, look = null, seen = null, has = null;
  let inSight = false;

  function keep(given) {
    place = given;
    try {
      if (given) sessionStorage.setItem(KEPT, JSON.stringify(given));
      else sessionStorage.removeItem(KEPT);
    } catch { /* no leave to keep anything */ }
  }
  function kept() {
    try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
  }

  let lost = null; // the timer of a wish at the door that is not answered
  function send(wish) {
    clearTimeout(lost);
    if (!part) lost = setTimeout(() => { if (root.isConnected && !part) send(wish); }, PATIENCE);
    const { do: what } = wish, name = what === "ask_model" ? "ask_model" : "act";
    const secret = place?.key ? { key: place.key } : place?.seat ? { seat: place.seat } : {};
    trigger(name, { ...secret, has, ...wish, number: ++number });
  }
  const ask = () => send({ do: "look", seen, ...(place?.key && seen === null ? here : {}) });

  function say(sentence, alarm = false) {
    find(".cxr-refusal").hidden = !alarm;
    find(".cxr-refusal").textContent = alarm ? sentence : "";
    find(".cxr-class-said").textContent = alarm ? "" : sentence;
  }

  // The wall has the whole width while it is seen, and the side with its titles, which would tell the findings, goes.
  function widen() {
    document.documentElement.classList.toggle("cxr-on-wall", inSight && root.dataset.state === "wall");
  }

  function leave() {
    look?.stop();
    keep(null);
    part = look = seen = has = null;
    root.dataset.state = "door";
    find(".cxr-class-room").hidden = true;
    find(".cxr-class-room").replaceChildren();
    find(".cxr-class-door").hidden = false;
    widen();
  }

  function enter(state) {
    part = state === "wall" ? makeWall(send) : makeSeat(CHOICES, send);
    root.dataset.state = state;
    find(".cxr-class-door").hidden = true;
    find(".cxr-class-room").hidden = false;
    find(".cxr-class-room").replaceChildren(part.node);
    widen();
    look = makeLook(root, () => EVERY[state] * (0.8 + 0.4 * Math.random()), ask);
  }

  function receive() {
    const value = props.value || {};
    if (!value.state || value.state === "empty" || (value.number < heard && value.state !== "refused")) return;
    heard = Math.max(heard, value.number);
    clearTimeout(lost);
    if (value.state === "closed") {
      if (place) leave();
      return say(value.message);
    }
    if (value.state === "refused") {
      say(value.message, true);
      part?.refused?.();
      return look?.answered();
    }
    if (value.key) keep({ key: value.key });
    if (value.seat) keep({ seat: value.seat, code: find(".cxr-class-code").value });
    if (!place) return; // the answer to a look from before the room was left
    if (value.state !== "same") {
      if (!part) enter(value.state);
      say("");
      seen = value.version;
      has = value.at;
      part.show(value);
    }
    look.answered();
  }

  // ---- the door --------------------------------------------------------------------------------------------------------

  // No forms: one that is sent before this module is there would load the page anew.
  const join = () => send({ do: "join", code: find(".cxr-class-code").value });
  find(".cxr-class-join button").addEventListener("click", join);
  find(".cxr-class-code").addEventListener("keydown", (event) => { if (event.key === "Enter") join(); });
  find(".cxr-class-code").disabled = false; // before, what is typed would be heard by nobody
  const again = (title, index) => CASES.findIndex((other) => other.title === title) < index; // cases of the gallery
  const boxes = CASES.map(({ name, title }, index) => {
    const label = make("label"), box = make("input");
    Object.assign(box, { type: "checkbox", value: name, checked: index < SOME });
    label.append(box, make("span", "", again(title, index) ? `${title} (${name})` : title));
    find(".cxr-class-cases").append(label);
    return box;
  });
  find(".cxr-class-open button").addEventListener("click", () => {
    send({ do: "open", ...here, cases: boxes.filter((box) => box.checked).map((box) => box.value) });
  });

  new IntersectionObserver((entries) => {
    inSight = entries.at(-1).isIntersecting;
    widen();
  }).observe(root);

  watch("value", receive);
  const before = kept();
  if (before && (before.key || !asked || before.code === asked)) {
    place = before;
    ask();
  } else if (asked) {
    find(".cxr-class-code").value = asked;
    send({ do: "join", code: asked });
  }
}
