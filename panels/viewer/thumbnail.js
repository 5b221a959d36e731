// Small pictures of a word's maps on all views, drawn as the large ones are.

import { make } from "../shell/elements.js";
import { drawMap } from "./maps.js";

const HEIGHT = 116; // pixels of the page

// A small canvas per view of the viewer's answer, in one frame. They are drawn by `drawThumbnail`.
export function makeThumbnail(viewer) {
  const strip = make("span", "cxr-thumbnail");
  for (const { view } of viewer.frames) {
    const canvas = make("canvas");
    canvas.width = Math.round(((HEIGHT * view.width) / view.height) * Math.min(window.devicePixelRatio || 1, 2));
    canvas.height = Math.round(HEIGHT * Math.min(window.devicePixelRatio || 1, 2));
    canvas.style.aspectRatio = `${view.width} / ${view.height}`;
    strip.append(canvas);
  }
  strip.setAttribute("aria-hidden", "true"); // what stands beside says where the map lies
  return strip;
}

// `map` as viewer.mapOf gives it, or null for the pictures alone; `top`: what counts as full strength.
export function drawThumbnail(viewer, strip, map, top) {
  [...strip.children].forEach((canvas, at) => {
    const { view, picture } = viewer.frames[at], image = picture.querySelector("img");
    const draw = () => {
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      if (map) drawMap(context, map.maps[view.index], map.extent, viewer.style(map, top), null);
    };
    if (image.complete) draw();
    else image.addEventListener("load", draw, { once: true });
  });
}
