"""Notices above the panels: a link that asks for what is not there, and pictures that the impression is not of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from explain.methods.base import METHODS
from panels.lesson.steps import STEPS
from panels.server import modules
from panels.shell import deep_link, template

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool

CHANGED = modules.call("shell/notice.js", "picturesChanged")
"""JavaScript for a listener of Gradio's: tells the page that the pictures are others now."""


def render(sentences: Sequence[str] = ()) -> str:
    """The notices as HTML."""
    return template.render("shell/notice.html", sentences=sentences)


def build(page: gr.Blocks, pool: ModelPool, entries: Sequence[dict[str, Any]]) -> Any:
    """Lay out the notices; the address is read when `page`, a gr.Blocks, is opened.

    Args:
        pool: panels.server.model_pool.ModelPool.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """
    view = gr.HTML(render(), apply_default_css=False, elem_id="notices", js_on_load=modules.start("shell/notice.js"))

    def read(request: gr.Request) -> Any:
        wanted = dict(request.query_params) if request else {}
        names = [entry["name"] for entry in entries]
        told = deep_link.complaints(wanted, pool.names, names, len(STEPS), list(METHODS))
        return render(told) if told else gr.skip()

    page.load(read, None, view, queue=False, show_progress="hidden", api_visibility="private")
