"""The side of the page: the study and the search that every panel works with."""

from typing import NamedTuple

import gradio as gr

from panels import examples, study

GREEDY, BEAM = "greedy", "beam"


class Side(NamedTuple):
    """The components of the side.

    `gallery` is None where there are no examples; `opened` is a gr.State of the id of the panel that is open.
    """

    gallery: gr.HTML | None
    uploads: study.Uploads
    swap: gr.Button
    run: gr.Button
    decoding: gr.Radio
    width: gr.Slider
    length_penalty: gr.Slider
    checkpoint: gr.Dropdown
    opened: gr.State


def build(shelf, entries):
    """Lay out the side.

    Args:
        shelf: panels.shelf.Shelf.
        entries: the examples, as panels.examples.read gives them.

    Returns:
        Side.
    """
    gallery = None
    first = next(iter(shelf.names), None)
    with gr.Column(elem_id="side"):
        with gr.Tabs():
            if entries:
                with gr.Tab("Examples"):
                    gallery = examples.build(entries)
            with gr.Tab("Your X-rays"):
                uploads = study.build()
                swap = gr.Button("Swap the two views", size="sm", elem_id="swap")
                run = gr.Button("Write the impression", variant="primary", elem_id="run")
        decoding = gr.Radio([("Greedy", GREEDY), ("Beam", BEAM)], value=GREEDY, label="Search", elem_id="decoding")
        width = gr.Slider(1, 10, value=3, step=1, label="Beam width", visible=False, elem_id="beam-width")
        length_penalty = gr.Slider(
            0, 2, value=0.7, step=0.1, label="Length penalty", visible=False, elem_id="length-penalty"
        )
        checkpoint = gr.Dropdown(
            shelf.names, value=first, label="Checkpoint", visible=len(shelf.names) > 1, elem_id="checkpoint"
        )
    opened = gr.State("explain")
    decoding.change(
        _beam_settings, [opened, decoding], [width, length_penalty],
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    return Side(gallery, uploads, swap, run, decoding, width, length_penalty, checkpoint, opened)


def _beam_settings(opened, decoding):
    """Width and length penalty are shown to who can see what they do."""
    return [gr.update(visible=decoding == BEAM or opened == "compare")] * 2


def follow(side, tabs):
    """Keep `side.opened` to the gr.Tab that is open, and show the settings that matter there."""
    for tab in tabs:

        def opened(decoding, name=tab.id):
            return name, *_beam_settings(name, decoding)

        tab.select(
            opened, side.decoding, [side.opened, side.width, side.length_penalty],
            queue=False, show_progress="hidden", api_visibility="private",
        )  # fmt: skip
