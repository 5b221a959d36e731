// Goes on in the scope of method.js: files to take away, as the page shows the study now.

const files = find(".cxr-exports"), fileWork = find(".cxr-export-work");
const KINDS = { ".cxr-report": "report", ".cxr-figure": "figure", ".cxr-animation": "animation", ".cxr-json": "json" };
const FILES = { report: "Report", figure: "Figure", animation: "Animation", json: "Numbers" };
let fileWish = 0, file = null; // the number of the last wish; { number, kind } of the one that is being written

function tellFile(text) {
  fileWork.hidden = true;
  file = null;
  find(".cxr-export-said").textContent = text;
}

function haltFile() {
  if (file) trigger("stop", { kind: "file", number: file.number });
  tellFile("");
}

for (const [selector, kind] of Object.entries(KINDS)) {
  find(selector).hidden = false;
  find(selector).addEventListener("click", () => {
    haltFile();
    file = { number: ++fileWish, kind };
    const quick = current === "attention" && (kind === "figure" || kind === "json");
    tellWork(fileWork, 0, 1, `${FILES[kind]} …`);
    trigger(quick ? "file" : "slow_file", {
      number: fileWish, kind, method: current,
      over: settings.scale, smooth: settings.cells !== "raw", colours: settings.colours, opacity: settings.opacity,
    });
  });
}

function written(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-file", written);
  const detail = event.detail;
  if (!file || detail.number !== file.number) return;
  const name = FILES[file.kind];
  if (detail.state === "working") {
    const share = detail.of > 1 ? ` ${percent(detail.done / detail.of)}` : " …";
    return tellWork(fileWork, detail.done, detail.of, `${name}${share}`);
  }
  tellFile(detail.state === "done" ? `${name} saved: ${detail.name}` : detail.state === "refused" ? detail.message : "Stopped.");
}
document.addEventListener("cxr-file", written);
function fileNotTaken(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-full", fileNotTaken);
  const { state, wish: refused } = event.detail;
  if (state === "refused" && file && refused?.kind === file.kind && refused.number === file.number)
    tellFile("Too many people were asking: the file was not written.");
}
document.addEventListener("cxr-full", fileNotTaken);
fileWork.querySelector(".cxr-halt").addEventListener("click", () => {
  haltFile();
  tellFile("Stopped before the file was written.");
});

const begunBefore = receive;
receive = () => {
  haltFile(); // of the study that was
  begunBefore();
};
