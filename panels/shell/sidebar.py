"""The side of the page: the study and the search that every panel works with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from captioner.language import text
from panels.shell import gallery as examples
from panels.shell import template, upload_input

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool

GREEDY, BEAM = "greedy", "beam"


class Sidebar(NamedTuple):
    """The components of the side.

    `gallery` is None where there are no examples; `opened` is a gr.State of the id of the panel that is open.
    """

    gallery: gr.HTML | None
    uploads: upload_input.Uploads
    swap: gr.Button
    run: gr.Button
    decoding: gr.Radio
    width: gr.Slider
    length_penalty: gr.Slider
    checkpoint: gr.Radio
    opened: gr.State


def build(pool: ModelPool, entries: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]] = ()) -> Sidebar:
    """Lay out the side.

    Args:
        pool: panels.server.model_pool.ModelPool.
        entries: the examples, as captioner.phantom.read_cases gives them.
        others: more cases, which are chosen elsewhere.

    Returns:
        Sidebar.
    """
    gallery = None
    first = next(iter(pool.names), None)
    with gr.Column(elem_id="side"):
        with gr.Tabs():
            if entries:
                with gr.Tab(text("Examples"), id="examples"):
                    gallery = examples.build(entries, [entry["name"] for entry in others])
            with gr.Tab(text("Your X-rays"), id="uploads"):
                uploads = upload_input.build()
                swap = gr.Button(text("Swap the two views"), size="sm", elem_id="swap")
                run = gr.Button(text("Write the impression"), variant="primary", elem_id="run")
        searches = [(text("Greedy"), GREEDY), (text("Beam"), BEAM)]
        decoding = gr.Radio(searches, value=GREEDY, label=text("Search"), elem_id="decoding")
        gr.HTML(template.render("shell/searches.html"), apply_default_css=False, js_on_load=None)
        width = gr.Slider(1, 10, value=3, step=1, label=text("Beam width"), visible=False, elem_id="beam-width")
        length_penalty = gr.Slider(
            0, 2, value=0.7, step=0.1, label=text("Length penalty"), visible=False, elem_id="length-penalty"
        )
        # Not a list that opens: Gradio's takes the way past it by keyboard for a choice.
        checkpoint = gr.Radio(
            pool.names, value=first, label=text("Checkpoint"), visible=len(pool.names) > 1, elem_id="checkpoint"
        )
    opened = gr.State("explain")
    decoding.change(
        _beam_settings,
        [opened, decoding],
        [width, length_penalty],
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    return Sidebar(gallery, uploads, swap, run, decoding, width, length_penalty, checkpoint, opened)


def _beam_settings(opened: Any, decoding: Any) -> list[Any]:
    """Width and length penalty are shown to who can see what they do."""
    return [gr.update(visible=decoding == BEAM or opened == "compare")] * 2


def follow(side: Sidebar, tabs: Sequence[Any]) -> None:
    """Keep `side.opened` to the gr.Tab that is open, and show the settings that matter there."""
    for tab in tabs:

        def opened(decoding: Any, name: Any = tab.id) -> tuple[Any, ...]:
            return name, *_beam_settings(name, decoding)

        tab.select(
            opened,
            side.decoding,
            [side.opened, side.width, side.length_penalty],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
