// A picture pasted from the clipboard becomes the next upload: the frontal view first, then the lateral.
// Works wherever no text is being typed. And what stands in an upload that is empty, for page.css.

import { sideTab } from "./elements.js";
import { text } from "./language.js";

export function start() {
  const SIDES = ["frontal", "lateral"];
  document.documentElement.style.setProperty("--cxr-drop", JSON.stringify(text("Drop or choose a file")));

  const empty = (side) => document.querySelector(`#upload-${side} input[type="file"]`);

  function say(sentence) {
    let line = document.querySelector("#paste-said");
    if (!line) return;
    line.textContent = "";
    setTimeout(() => { line.textContent = sentence; });
  }

  async function slot() {
    for (let tries = 40; tries; tries--) { // the tab's content is built when it is opened
      if (document.querySelector("#upload-frontal")) break;
      await new Promise((done) => setTimeout(done, 50));
    }
    return SIDES.find(empty);
  }

  document.addEventListener("paste", async (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length || event.target.closest?.("input, textarea, [contenteditable]")) return;
    event.preventDefault();
    if (sideTab("uploads")?.getAttribute("aria-selected") !== "true") sideTab("uploads")?.click();
    for (const file of files.slice(0, 2)) {
      const side = await slot();
      if (!side) return say(text("Both views are there already: take one away first."));
      const input = empty(side), box = new DataTransfer();
      box.items.add(file);
      input.files = box.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
      say(side === "frontal" ? text("Pasted as the frontal view.") : text("Pasted as the lateral view."));
      for (let tries = 100; tries && empty(side); tries--) await new Promise((done) => setTimeout(done, 50));
    }
  });
}
