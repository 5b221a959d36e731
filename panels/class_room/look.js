// Asks again and again whether anything has changed, while the panel is seen and no longer. One question at a time.

const PATIENCE = 8000; // milliseconds after which a question without an answer counts as lost

// `every`: milliseconds, a function; `ask()` sends the question. Returns { answered, soon, stop }: to be called when an answer
// has come, to ask at once, and for good.
export function makeLook(element, every, ask) {
  let timer = null, seen = false, over = false;

  function next(after) {
    clearTimeout(timer);
    timer = over || !seen || document.hidden ? null : setTimeout(send, after);
  }
  function send() {
    if (!element.isConnected) return;
    ask();
    next(PATIENCE);
  }
  const sight = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    next(0);
  });
  sight.observe(element);
  const shown = () => next(0);
  document.addEventListener("visibilitychange", shown);
  return {
    answered: () => next(every()),
    soon: () => next(0),
    stop() {
      over = true;
      clearTimeout(timer);
      sight.disconnect();
      document.removeEventListener("visibilitychange", shown);
    },
  };
}
