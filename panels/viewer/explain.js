// The Explain panel: the word viewer with every method of explanation, the findings beside the words, files to take away, and
// the place in the queue.

import { addFindings } from "../findings/findings.js";
import { addAllWords } from "./all_words.js";
import { addExports } from "./export.js";
import { addGoOn } from "./go_on.js";
import { addMethods } from "./method.js";
import { addQueuePlace } from "./queue_place.js";
import { addReaders } from "./readers.js";
import { addSideBySide } from "./side_by_side.js";
import { makeViewer } from "./viewer.js";

export function start(component, { METHODS, COLOURS, GLOSSARY }) {
  const viewer = makeViewer(component, { colours: COLOURS, glossary: GLOSSARY });
  addMethods(viewer, METHODS);
  addFindings(viewer);
  addGoOn(viewer);
  addReaders(viewer);
  addAllWords(viewer);
  addSideBySide(viewer, METHODS);
  addExports(viewer);
  addQueuePlace(viewer.element);
  viewer.start();
}
