"""The studies that the page offers before anything is uploaded."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import gradio as gr

from captioner import View
from panels.server import modules
from panels.shell import template
from panels.viewer.pictures import data_url, shrink


@cache  # the page is built once in every language
def thumbnail(path: str) -> str:
    """A small picture of a file, as the `src` of an img."""
    pixels = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    assert pixels is not None  # a picture of the page's own
    return data_url(shrink(View("frontal", pixels), 150).pixels, quality=80)


def render(entries: Sequence[dict[str, Any]]) -> str:
    """The examples as HTML, of what `captioner.phantom.read_cases` gives."""
    shown = [
        {
            "name": entry["name"],
            "title": entry["title"],
            "pictures": [thumbnail(entry[view]) for view in ("frontal", "lateral") if entry[view]],
        }
        for entry in entries
    ]
    return template.render("shell/gallery.html", entries=shown)


def build(entries: Sequence[dict[str, Any]], others: Sequence[str] = ()) -> gr.HTML:
    """The examples; triggers `pick` with the `name` of the one that is chosen here or asked for elsewhere.

    Args:
        entries: the examples, as `captioner.phantom.read_cases` gives them.
        others: names that may be asked for and have no button here.
    """
    return gr.HTML(
        render(entries),
        apply_default_css=False,
        js_on_load=modules.start("shell/gallery.js", ["pick"], OTHERS=list(others)),
        elem_id="examples",
    )
