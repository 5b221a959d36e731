// Zoom and pan of the word viewer, both views in step.
// The lens is kept in fractions of a picture, so that views of different shapes show the same part of themselves.

const CLOSEST = 8;

export function makeLens(changed) {
  const lens = { scale: 1, x: 0.5, y: 0.5 };
  const within = (value, low, high) => Math.min(Math.max(value, low), high);

  function look(scale, x, y) {
    lens.scale = within(scale, 1, CLOSEST);
    const margin = 0.5 / lens.scale; // half of what is seen: the picture's edge never comes into the frame
    lens.x = within(x, margin, 1 - margin);
    lens.y = within(y, margin, 1 - margin);
    changed();
  }

  // Zoom so that the point of the picture under (u, v), fractions of the frame, stays where it is.
  function zoomAt(factor, u = 0.5, v = 0.5) {
    const scale = within(lens.scale * factor, 1, CLOSEST);
    const x = lens.x + (u - 0.5) / lens.scale, y = lens.y + (v - 0.5) / lens.scale;
    look(scale, x - (u - 0.5) / scale, y - (v - 0.5) / scale);
  }

  const transform = () =>
    lens.scale === 1 ? "none" : `translate(${(0.5 - lens.x) * lens.scale * 100}%, ${(0.5 - lens.y) * lens.scale * 100}%) scale(${lens.scale})`;

  // Wheel with Ctrl (which is also a touchpad's pinch), two fingers, double click, and dragging when close.
  function listen(frame) {
    const touches = new Map();
    const at = (event) => {
      const box = frame.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // a plain wheel scrolls the page
      event.preventDefault();
      zoomAt(Math.exp(-event.deltaY / 300), ...at(event));
    }, { passive: false });
    frame.addEventListener("dblclick", (event) => (lens.scale > 1 ? look(1, 0.5, 0.5) : zoomAt(2.5, ...at(event))));
    frame.addEventListener("pointerdown", (event) => touches.set(event.pointerId, at(event)));
    frame.addEventListener("pointermove", (event) => {
      const before = touches.get(event.pointerId), now = at(event);
      if (!before) return;
      const others = [...touches.entries()].filter(([id]) => id !== event.pointerId);
      if (others.length === 1) {
        const other = others[0][1];
        const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]);
        if (apart(before) > 0.02) zoomAt(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      } else if (lens.scale > 1) {
        if (!frame.hasPointerCapture(event.pointerId)) frame.setPointerCapture(event.pointerId);
        look(lens.scale, lens.x - (now[0] - before[0]) / lens.scale, lens.y - (now[1] - before[1]) / lens.scale);
      }
      touches.set(event.pointerId, now);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      frame.addEventListener(end, (event) => touches.delete(event.pointerId));
  }

  return { lens, zoomAt, reset: () => look(1, 0.5, 0.5), transform, listen };
}
