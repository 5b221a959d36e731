// What the whole page has from its start, whichever panel is open. Imported by boot.js.

import * as glossary from "./glossary.js";
import * as onlyPanels from "./only_panels.js";
import * as paste from "./paste.js";
import { joinQueue } from "./retry_full_queue.js";
import * as switchLanguage from "./switch_language.js";
import * as tabs from "./tabs.js";

for (const part of [glossary, onlyPanels, paste, switchLanguage, tabs]) part.start();

export { joinQueue };
