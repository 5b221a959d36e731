"""The panel that explains one study: uploads or an example, the search, the impression and its maps."""

import base64
import secrets
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

import gradio as gr

from captioner import BadInput, Caption, Study, read_study
from explain import attention, figure
from panels import examples, study, viewer
from panels.pictures import shrink

GREEDY, BEAM = "greedy", "beam"
MODEL = {"concurrency_id": "model", "concurrency_limit": 1}
"""Whatever uses a model shares one place in the queue: two searches at once would only halve each other's speed."""

_SAVE = """
watch("value", () => {
  const file = props.value;
  if (!file || !file.url) return;
  const link = document.createElement("a");
  link.href = file.url;
  link.download = file.name;
  link.click();
});
"""


@dataclass
class Session:
    """What one visitor has on the page, so that another search on the same study need not run the encoder again.

    Attributes:
        key: the two files and the checkpoint that `features` were made of.
        study: captioner.Study, at the size it is shown at.
        sizes: view name -> (rows, columns) of the pictures as they came.
        features: captioner Features.
        extent: explain.heatmap.Extent.
        caption: the last Caption.
        title: a line about the last caption.
    """

    key: tuple = ()
    study: Study | None = None
    sizes: dict = field(default_factory=dict)
    features: object = field(default=None, repr=False)
    extent: object = None
    caption: Caption | None = None
    title: str = ""


def _begin(model, key, frontal, lateral):
    """A session for a new study: read it and run the encoder once."""
    full = read_study(frontal, lateral or None)
    small = Study(shrink(full.frontal), full.lateral and shrink(full.lateral), full.notices)
    sizes = {view.name: view.pixels.shape for view in full.views}
    return Session(key, small, sizes, model.encode(full), attention.extent(model.coverage))


def answer(shelf, frontal, lateral, checkpoint, decoding, width, length_penalty, reference, session):
    """The impression of a study with everything the viewer shows.

    Returns:
        (the viewer's answer, Session). Input that cannot be used gives an answer that says so, and a warning.
    """
    if not frontal and not lateral:
        return viewer.refusal("Choose an example or upload a frontal X-ray first."), Session()
    try:
        if not frontal:
            raise BadInput("A frontal view is needed: move the picture to the frontal side, or add one.")
        checkpoint = checkpoint or next(iter(shelf.names), None)
        model = shelf.get(checkpoint)
        key = (str(frontal), str(lateral or ""), checkpoint)
        if session is None or session.key != key:
            session = _begin(model, key, frontal, lateral)
        caption = model.caption(
            session.features, decoding=decoding, beam_width=int(width), length_penalty=float(length_penalty)
        )
    except BadInput as error:
        gr.Warning(escape(str(error), quote=False))
        return viewer.refusal(str(error)), Session()
    session.caption = caption
    result = viewer.payload(session.study, caption, session.extent, checkpoint, session.sizes, reference)
    session.title = f"{result['checkpoint']}, {result['search']}, log probability {caption.log_prob:.2f}"
    return result, session


def figure_file(session, settings, number):
    """The figure of all words as `{"name", "url"}`, a PNG inside a data URL; `number` makes each answer a new one."""
    drawn = figure.all_words(
        session.study, session.caption.words, session.extent, over=settings["over"], colours=settings["colours"],
        smooth=bool(settings["smooth"]), opacity=min(max(float(settings["opacity"]), 0.0), 1.0), title=session.title,
    )  # fmt: skip
    data = base64.b64encode(figure.png(drawn)).decode("ascii")
    return {"name": "impression.png", "url": "data:image/png;base64," + data, "number": number}


class Panel(NamedTuple):
    """The components that other parts of the page work with."""

    uploads: study.Uploads
    checkpoint: gr.Dropdown
    decoding: gr.Radio
    width: gr.Slider
    length_penalty: gr.Slider
    viewer: gr.HTML


def build(shelf, entries):
    """Lay out the panel and wire it.

    Args:
        shelf: panels.shelf.Shelf.
        entries: the examples, as panels.examples.read gives them.

    Returns:
        Panel.
    """
    with gr.Row(elem_id="sheet"):
        with gr.Column(elem_id="side"):
            with gr.Tabs():
                if entries:
                    with gr.Tab("Examples"):
                        gallery = examples.build(entries)
                with gr.Tab("Your X-rays"):
                    uploads = study.build()
                    run = gr.Button("Write the impression", variant="primary", elem_id="run")
            decoding = gr.Radio([("Greedy", GREEDY), ("Beam", BEAM)], value=GREEDY, label="Search", elem_id="decoding")
            width = gr.Slider(1, 10, value=3, step=1, label="Beam width", visible=False, elem_id="beam-width")
            length_penalty = gr.Slider(
                0, 2, value=0.7, step=0.1, label="Length penalty", visible=False, elem_id="length-penalty"
            )
            checkpoint = gr.Dropdown(
                shelf.names,
                value=next(iter(shelf.names), None),
                label="Checkpoint",
                visible=len(shelf.names) > 1,
                elem_id="checkpoint",
            )
        with gr.Column(elem_id="answer"):
            view = viewer.build()
    saved = gr.HTML(visible="hidden", html_template="", js_on_load=_SAVE)
    session = gr.State(None, time_to_live=3600)
    reference = gr.State("")

    inputs = [*uploads, checkpoint, decoding, width, length_penalty, reference, session]
    outputs = [view, session]
    private = {"api_visibility": "private"}

    def write(*values):
        return answer(shelf, *values)

    def write_again(*values):
        # Only where there is an impression already: a setting alone asks for nothing.
        return (
            answer(shelf, *values)
            if values[-1] is not None and values[-1].study is not None
            else (gr.skip(), gr.skip())
        )

    def pick(event: gr.EventData):
        entry = next(entry for entry in entries if entry["name"] == event.name)
        return entry["frontal"], entry["lateral"], entry["impression"]

    def draw(event: gr.EventData, session):
        if session is None or session.caption is None:
            raise gr.Error("There is no impression to draw yet.", print_exception=False)
        return figure_file(session, event._data, secrets.token_hex(4))

    run.click(write, inputs, outputs, **MODEL, **private)
    if entries:
        picked = gallery.pick(pick, None, [*uploads, reference], show_progress="hidden", **private)
        picked.then(write, inputs, outputs, **MODEL, **private)
    for upload in uploads:
        # A file of the visitor's own: what the example was made with no longer holds.
        upload.upload(lambda: "", None, reference, queue=False, show_progress="hidden", **private)
        upload.clear(lambda: "", None, reference, queue=False, show_progress="hidden", **private)
    decoding.change(
        lambda chosen: [gr.update(visible=chosen == BEAM)] * 2, decoding, [width, length_penalty],
        queue=False, show_progress="hidden", **private,
    )  # fmt: skip
    gr.on(
        [decoding.input, width.input, length_penalty.input, checkpoint.input], write_again, inputs, outputs,
        trigger_mode="always_last", show_progress="minimal", **MODEL, **private,
    )  # fmt: skip
    view.figure(draw, session, saved, concurrency_limit=1, concurrency_id="figure", show_progress="hidden", **private)
    return Panel(uploads, checkpoint, decoding, width, length_penalty, view)
