// Files to take away, as the page shows the study now (panels/viewer/export.py).

import { EVENTS, listen } from "../shell/events.js";
import { later, text } from "../shell/language.js";
import { percent } from "../shell/wording.js";
import { showProgress } from "./progress.js";

const KINDS = { ".cxr-report": "report", ".cxr-figure": "figure", ".cxr-animation": "animation", ".cxr-json": "json" };
const FILES = { report: later("Report"), figure: later("Figure"), animation: later("Animation"), json: later("Numbers") };

export function addExports(viewer) {
  const { element, find, trigger, settings } = viewer;
  const box = find(".cxr-export-work");
  let wish = 0, file = null; // the number of the last wish; { number, kind } of the file that is being written

  function tellFile(said) {
    box.hidden = true;
    file = null;
    find(".cxr-export-said").textContent = said;
  }

  function halt() {
    if (file) trigger("stop", { kind: "file", number: file.number });
    tellFile("");
  }

  for (const [selector, kind] of Object.entries(KINDS)) {
    find(selector).hidden = false;
    find(selector).addEventListener("click", () => {
      halt();
      file = { number: ++wish, kind };
      const method = viewer.shownMethod.name;
      const quick = method === "attention" && (kind === "figure" || kind === "json");
      showProgress(box, 0, 1, `${text(FILES[kind])} …`);
      trigger(quick ? "file" : "slow_file", {
        number: wish, kind, method,
        over: settings.scale, smooth: settings.cells !== "raw", colours: settings.colours, opacity: settings.opacity,
      });
    });
  }

  listen(element, EVENTS.file, (detail) => {
    if (!file || detail.number !== file.number) return;
    const name = text(FILES[file.kind]);
    if (detail.state === "working") {
      const share = detail.of > 1 ? ` ${percent(detail.done / detail.of)}` : " …";
      return showProgress(box, detail.done, detail.of, `${name}${share}`);
    }
    const saved = () => text("{kind} saved: {file}", { kind: name, file: detail.name });
    tellFile(detail.state === "done" ? saved() : detail.state === "refused" ? detail.message : text("Stopped."));
  });
  listen(element, EVENTS.queue, ({ state, wish: refused }) => {
    if (state === "refused" && file && refused?.kind === file.kind && refused.number === file.number)
      tellFile(text("Too many people were asking: the file was not written."));
  });
  box.querySelector(".cxr-halt").addEventListener("click", () => {
    halt();
    tellFile(text("Stopped before the file was written."));
  });

  viewer.on("leave", halt);
}
