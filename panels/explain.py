"""The panel that explains one study: its impression word by word, with the maps."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

import gradio as gr

from captioner import BadInput, Caption, Study, read_study
from explain import attention, figure
from panels import link, viewer
from panels.pictures import shrink

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
        example: the example's entry that the study is; None for a visitor's own.
    """

    key: tuple = ()
    study: Study | None = None
    sizes: dict = field(default_factory=dict)
    features: object = field(default=None, repr=False)
    extent: object = None
    caption: Caption | None = None
    title: str = ""
    example: dict | None = None


def _begin(model, key, frontal, lateral):
    """A session for a new study: read it and run the encoder once."""
    full = read_study(frontal, lateral or None)
    small = Study(shrink(full.frontal), full.lateral and shrink(full.lateral), full.notices)
    sizes = {view.name: view.pixels.shape for view in full.views}
    return Session(key, small, sizes, model.encode(full), attention.extent(model.coverage))


def answer(shelf, frontal, lateral, checkpoint, decoding, width, length_penalty, example, session):
    """The impression of a study with everything the viewer shows.

    Args:
        example: the entry of panels.examples.read that the two files belong to; None for a visitor's own.

    Returns:
        (the viewer's answer, Session). Input that cannot be used gives an answer that says so, and a warning.
    """
    if not frontal and not lateral:
        return viewer.refusal("Choose an example or upload a frontal X-ray first."), Session()
    try:
        if not frontal:
            raise BadInput("A frontal view is needed: swap the two views, or add one.")
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
    session.caption, session.example = caption, example or None
    settings = {"decoding": decoding, "width": int(width), "length_penalty": float(length_penalty)}
    settings["checkpoint"] = checkpoint
    result = viewer.payload(
        session.study, caption, session.extent, checkpoint, session.sizes, example or None, settings
    )  # fmt: skip
    session.title = f"{result['checkpoint']}, {result['search']}, log probability {caption.log_prob:.2f}"
    return result, session


def _download(name, kind, data, number):
    """A file as `{"name", "url"}` inside the answer itself; `number` makes each answer a new one."""
    return {"name": name, "url": f"data:{kind};base64," + base64.b64encode(data).decode("ascii"), "number": number}


def figure_file(session, settings, number):
    """The figure of all words, a PNG."""
    drawn = figure.all_words(
        session.study, session.caption.words, session.extent, over=settings["over"], colours=settings["colours"],
        smooth=bool(settings["smooth"]), opacity=min(max(float(settings["opacity"]), 0.0), 1.0), title=session.title,
    )  # fmt: skip
    return _download("impression.png", "image/png", figure.png(drawn), number)


def caption_file(session, number):
    """The caption as JSON, in the form that `/caption` and the command line give it too."""
    name = session.example["name"] if session.example else None
    text = json.dumps(session.caption.as_dict(name), ensure_ascii=False, indent=1)
    return _download("caption.json", "application/json", text.encode("utf-8"), number)


class Panel(NamedTuple):
    """What other parts of the page work with.

    Attributes:
        viewer: the word viewer.
        session: gr.State of a Session, or None before the first caption.
    """

    viewer: gr.HTML
    session: gr.State


def build(shelf, side, entries):
    """Lay out the panel and wire the side to it.

    Args:
        shelf: panels.shelf.Shelf.
        side: panels.side.Side.
        entries: the examples, as panels.examples.read gives them.

    Returns:
        Panel.
    """
    view = viewer.build()
    saved = gr.HTML(visible="hidden", html_template="", js_on_load=_SAVE)
    session = gr.State(None, time_to_live=3600)
    example = gr.State(None)

    settings = [side.decoding, side.width, side.length_penalty, side.checkpoint]
    inputs = [*side.uploads, side.checkpoint, *settings[:3], example, session]
    outputs = [view, session]
    private = {"api_visibility": "private"}
    quick = {"queue": False, "show_progress": "hidden", **private}

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
        entry = next((entry for entry in entries if entry["name"] == event._data.get("name")), None)
        if entry is None:
            raise gr.Error("There is no example of that name.", print_exception=False)
        asked = link.read(event._data.get("link"), shelf.names)
        return entry["frontal"], entry["lateral"], entry, *[asked.get(name, gr.skip()) for name in link.SETTINGS]

    def save(draw):
        def saver(event: gr.EventData, session):
            if session is None or session.caption is None:
                raise gr.Error("There is no impression to save yet.", print_exception=False)
            return draw(session, event._data, secrets.token_hex(4))

        return saver

    side.run.click(write, inputs, outputs, **MODEL, **private)
    if entries:
        picked = side.gallery.pick(pick, None, [*side.uploads, example, *settings], show_progress="hidden", **private)
        picked.then(write, inputs, outputs, **MODEL, **private)
    # A file of the visitor's own, or another order: it is not the example any longer.
    own = {"fn": lambda: None, "inputs": None, "outputs": example, **quick}
    for upload in side.uploads:
        upload.upload(**own)
        upload.clear(**own)
    swapped = side.swap.click(None, side.uploads, side.uploads, js="(frontal, lateral) => [lateral, frontal]", **quick)
    again = {"trigger_mode": "always_last", "show_progress": "minimal", **MODEL, **private}
    swapped.then(**own).then(write_again, inputs, outputs, **again)
    gr.on([component.input for component in settings], write_again, inputs, outputs, **again)
    drawing = {"concurrency_limit": 1, "concurrency_id": "figure", "show_progress": "hidden", **private}
    view.figure(save(figure_file), session, saved, **drawing)
    view.caption_file(save(lambda session, _, number: caption_file(session, number)), session, saved, **drawing)
    return Panel(view, session)
