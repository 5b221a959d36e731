// Walking through the words: one after the other by itself, or step by step.

import { text } from "../shell/language.js";

const SECONDS_PER_WORD = 1.1;

export function addPlayback(viewer) {
  const { element, find } = viewer;
  let playing = null;

  viewer.playing = () => Boolean(playing);

  viewer.play = (on) => {
    clearInterval(playing);
    playing = null;
    const button = find(".cxr-play"), { words } = viewer.answer;
    button.setAttribute("aria-pressed", String(on));
    button.setAttribute("aria-label", on ? text("Pause") : text("Play: walk through the words"));
    if (!on || !words || !words.length) return;
    if (viewer.chosen >= words.length - 1) viewer.choose(0);
    playing = setInterval(() => {
      if (!element.isConnected || viewer.chosen >= viewer.answer.words.length - 1) return viewer.play(false);
      viewer.choose(viewer.chosen + 1);
    }, SECONDS_PER_WORD * 1000);
  };

  function step(by) {
    viewer.play(false);
    viewer.choose(viewer.chosen + by);
  }
  find(".cxr-previous").addEventListener("click", () => step(-1));
  find(".cxr-next").addEventListener("click", () => step(1));
  find(".cxr-play").addEventListener("click", () => viewer.play(!playing));
}
