// Says in plain words that somebody waits, and at which place. Gradio writes "queue: 2/3" in small print beside whatever
// waits; this reads it there, twice a second. That the queue is full, retry_full_queue.js tells.

import { EVENTS, listen } from "../shell/events.js";
import { make } from "../shell/elements.js";
import { later, text } from "../shell/language.js";

const EVERY = 400; // milliseconds
const FULL = {
  waiting: later("So many people are asking that the queue is full. This page asks again by itself until there is room."),
  refused: later("The queue was full for two minutes: what you asked for last was not taken. Please ask again a little later."),
};

function place() {
  let found = null;
  for (const small of document.querySelectorAll(".meta-text, .meta-text-center")) {
    const read = /queue: (\d+)\/(\d+)/.exec(small.textContent);
    if (read) found = read.slice(1);
  }
  return found;
}

export function addQueuePlace(element) {
  const pill = make("p", "cxr-queue");
  pill.setAttribute("role", "status");
  pill.hidden = true;
  document.body.append(pill);
  let full = "", standing = "", waited = 0;

  function say() {
    const said = full || standing;
    if (pill.textContent !== said) pill.textContent = said;
    pill.hidden = !said;
  }

  listen(element, EVENTS.queue, ({ state }) => {
    full = FULL[state] ? text(FULL[state]) : "";
    say();
  });
  const asking = setInterval(() => {
    if (!element.isConnected) {
      clearInterval(asking);
      return pill.remove();
    }
    const now = place();
    waited = now ? waited + 1 : 0;
    standing = waited < 2 ? "" : text("Others are being answered first: you are number {place} of {all} in the queue.", { place: now[0], all: now[1] });
    say();
  }, EVERY);
}
