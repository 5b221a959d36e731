"""Where things stand on the page, read so that a page which still moves cannot mislead a test.

A page moves while it is read: a verdict arrives and pushes the films down by a line. Two boxes that are compared are
therefore read in one call, and a box whose place is pressed later is read when it has stopped moving.
"""

# A box that is the same in eight pictures of the browser, 0.13 seconds at its usual pace, has stopped moving.
_STILL = """(node) => new Promise((resolve) => {
  let last = "", same = 0;
  const look = () => {
    const { x, y, width, height } = node.getBoundingClientRect();
    const now = [x, y, width, height].join();
    same = now === last ? same + 1 : 0;
    last = now;
    same < 8 ? requestAnimationFrame(look) : resolve({ x, y, width, height });
  };
  look();
})"""

_TOGETHER = """(selectors) => selectors.map((selector) => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  return { x, y, width, height };
})"""


def still_box(locator):
    """The box of an element in the window, {x, y, width, height} in pixels, once it has stopped moving."""
    return locator.evaluate(_STILL)


def boxes(page, *selectors):
    """The boxes of the first element that each selector finds, all of the same moment."""
    return page.evaluate(_TOGETHER, list(selectors))
