"""The studies that the page offers before anything is uploaded."""

import json
from html import escape
from pathlib import Path

import cv2
import gradio as gr

from captioner import View
from panels.pictures import data_url, shrink

# Pressed in the browser at once; the study itself comes with the server's answer. An address that names an example
# (panels/link.py) presses it when the page is there.
_PICK = """
const press = (button) => {
  for (const other of element.querySelectorAll("button[data-name]"))
    other.setAttribute("aria-pressed", String(other === button));
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-name]");
  if (!button) return;
  press(button);
  trigger("pick", { name: button.dataset.name });
});
const wanted = Object.fromEntries(new URLSearchParams(location.search));
const buttons = [...element.querySelectorAll("button[data-name]")];
const linked = buttons.find((button) => button.dataset.name === wanted.example);
if (linked) {
  press(linked);
  setTimeout(() => trigger("pick", { name: wanted.example, link: wanted }));
}
// Another part of the page, such as the lesson, asks for an example with settings.
document.addEventListener("cxr-show", function show(event) {
  if (!element.isConnected) return document.removeEventListener("cxr-show", show);
  const { example, settings } = event.detail;
  const button = buttons.find((button) => button.dataset.name === example);
  if (!button) return;
  press(button);
  trigger("pick", { name: example, link: settings });
});
"""


def read(folder):
    """The entries of `folder`/index.json with absolute paths; none when there is no such file.

    Returns:
        list of `{"name", "title", "frontal", "lateral", "impression", "findings"}`; `lateral` may be None.
    """
    index = Path(folder) / "index.json"
    if not index.is_file():
        return []
    entries = json.loads(index.read_text(encoding="utf-8"))
    for entry in entries:
        for view in ("frontal", "lateral"):
            entry[view] = str((Path(folder) / entry[view]).resolve()) if entry.get(view) else None
    return entries


def _thumbnail(path):
    pixels = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    return data_url(shrink(View("frontal", pixels), 150).pixels, quality=80)


def _button(entry):
    pictures = "".join(
        f'<img src="{_thumbnail(entry[view])}" alt="">' for view in ("frontal", "lateral") if entry[view]
    )
    return (
        f'<button type="button" data-name="{escape(entry["name"])}" aria-pressed="false">'
        f'<span class="cxr-pair">{pictures}</span><span class="cxr-title">{escape(entry["title"])}</span></button>'
    )


def build(entries):
    """The gallery; it triggers `pick` with the `name` of the example."""
    buttons = "".join(_button(entry) for entry in entries)
    return gr.HTML(
        f'<div class="cxr-examples" role="group" aria-label="Examples">{buttons}</div>',
        apply_default_css=False,
        js_on_load=_PICK,
        elem_id="examples",
    )
