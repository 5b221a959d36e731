// When the bounded queue is full, the server takes nothing more (status 503). The page then asks again by itself, wish
// after wish in the order in which they were made, and says so (queue.js); after a while it gives up and says that.
// In the head of the page (panels/look.py): it stands between the page and the browser's own fetch.
(() => {
  const PATIENCE = 120; // seconds
  const PAUSE = [1000, 2500]; // milliseconds between two tries: by chance, so that a room of pages does not ask at once
  const plain = window.fetch.bind(window);
  const pause = () => new Promise((done) => setTimeout(done, PAUSE[0] + Math.random() * (PAUSE[1] - PAUSE[0])));
  const tell = (state, wish = null) => document.dispatchEvent(new CustomEvent("cxr-full", { detail: { state, wish } }));
  const wishOf = (init) => {
    try { return JSON.parse(init.body).event_data ?? null; } catch { return null; }
  };

  let line = null; // the last wish that waits for a place; null for none
  let refused = false; // the last one was given up

  async function again(input, init, before) {
    const end = performance.now() + PATIENCE * 1000;
    await before;
    tell("waiting");
    for (;;) {
      await pause();
      const response = await plain(input, init);
      if (response.status !== 503) {
        tell("taken");
        return response;
      }
      if (performance.now() > end) {
        refused = true;
        tell("refused", wishOf(init));
        return response;
      }
    }
  }

  window.fetch = async (input, init) => {
    if (!String(input?.url ?? input).includes("/queue/join")) return plain(input, init);
    if (!line) {
      const response = await plain(input, init);
      if (response.status !== 503) {
        if (refused) tell("taken");
        refused = false;
        return response;
      }
    }
    const mine = again(input, init, line);
    const kept = mine.then(() => {}, () => {});
    line = kept;
    kept.then(() => { if (line === kept) line = null; });
    return mine;
  };
})();
