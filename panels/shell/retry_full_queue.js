// When the bounded queue is full, the server takes nothing more (status 503). The page then asks again by itself, wish
// after wish in the order in which they were made, and says so (panels/viewer/queue_place.js); after a while it gives up
// and says that. boot.js puts it between the page and the browser's own fetch.

import { EVENTS, tell } from "./events.js";

const PATIENCE = 120; // seconds
const PAUSE = [1000, 2500]; // milliseconds between two tries: by chance, so that a room of pages does not ask at once

const pause = () => new Promise((done) => setTimeout(done, PAUSE[0] + Math.random() * (PAUSE[1] - PAUSE[0])));
const say = (state, wish = null) => tell(EVENTS.queue, { state, wish });
const wishOf = (init) => {
  try { return JSON.parse(init.body).event_data ?? null; } catch { return null; }
};

let line = null; // the last wish that waits for a place; null for none
let refused = false; // the last one was given up

async function again(plain, input, init, before) {
  const end = performance.now() + PATIENCE * 1000;
  await before;
  say("waiting");
  for (;;) {
    await pause();
    const response = await plain(input, init);
    if (response.status !== 503) {
      say("taken");
      return response;
    }
    if (performance.now() > end) {
      refused = true;
      say("refused", wishOf(init));
      return response;
    }
  }
}

// As `plain`, the browser's fetch, for a request that joins the queue.
export async function joinQueue(plain, input, init) {
  if (!line) {
    const response = await plain(input, init);
    if (response.status !== 503) {
      if (refused) say("taken");
      refused = false;
      return response;
    }
  }
  const mine = again(plain, input, init, line);
  const kept = mine.then(() => {}, () => {});
  line = kept;
  kept.then(() => { if (line === kept) line = null; });
  return mine;
}
