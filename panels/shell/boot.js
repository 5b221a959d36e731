// The one script that is no module: it stands in the head of the page (panels/server/modules.py puts in ROUTE and EARLY) and
// fetches the modules. What joins Gradio's queue waits for them, so that no wish is lost when the queue is full at once.
(() => {
  const root = new URL(window.gradio_config?.root || "/", location.href).pathname.replace(/\/$/, "");
  const at = `${location.origin}${root}${ROUTE}`;
  for (const name of EARLY) { // all at once, and not one after the other as their imports are read
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = `${at}/${name}`;
    document.head.append(link);
  }
  const page = import(`${at}/shell/page.js`);
  const plain = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    if (!String(input?.url ?? input).includes("/queue/join")) return plain(input, init);
    const { joinQueue } = await page.catch(() => ({ joinQueue: null }));
    return joinQueue ? joinQueue(plain, input, init) : plain(input, init);
  };
})();
