// How high the films may be on a low screen, so that they are seen whole under the impression (viewer.css, `--cxr-room`).

const LEAST = 250, BELOW = 10; // pixels: smaller films show too little; what is left free under them

export function keepRoom({ root, find }) {
  let kept = 0;

  // Where the films begin does not depend on how high they are, so this settles at once. The stage sticks to the top of the
  // window while the page scrolls: its place is taken from the desk, which does not.
  new ResizeObserver(() => {
    const picture = find(".cxr-picture");
    if (!picture || !picture.offsetParent) return;
    const top = (node) => node.getBoundingClientRect().top;
    const begin = top(find(".cxr-desk")) + window.scrollY + top(picture) - top(find(".cxr-stage"));
    const room = Math.max(Math.round(window.innerHeight - begin - BELOW), LEAST);
    if (room === kept) return;
    kept = room;
    root.style.setProperty("--cxr-room", `${room}px`);
  }).observe(root);
}
