"""The panel that explains one study: its impression word by word, with the maps."""

import secrets
from dataclasses import dataclass, field, replace
from html import escape
from typing import NamedTuple

import gradio as gr

from captioner import BadInput, Caption, Study, read_study
from captioner.preparation import prepare
from explain import attention
from panels import export, link, method, viewer
from panels.pictures import shrink
from panels.progress import MODEL, Stops


@dataclass(frozen=True)
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
        pictures: `(pictures, mask)` as the network takes them, for explanations.
        token: of the last caption, so that what is asked about another one can be told apart.
        maps: explanations of the last caption (panels/method.py); `evidence`, what was found out about it (panels/trust.py).
    """

    key: tuple = ()
    study: Study | None = None
    sizes: dict = field(default_factory=dict)
    features: object = field(default=None, repr=False)
    extent: object = None
    caption: Caption | None = None
    title: str = ""
    example: dict | None = None
    pictures: tuple = field(default=(), repr=False)
    token: str = ""
    maps: dict = field(default_factory=dict, repr=False)
    evidence: dict = field(default_factory=dict, repr=False)


def _begin(model, key, frontal, lateral):
    """A session for a new study: read it and run the encoder once."""
    full = read_study(frontal, lateral or None)
    small = Study(shrink(full.frontal), full.lateral and shrink(full.lateral), full.notices)
    sizes = {view.name: view.pixels.shape for view in full.views}
    pictures = prepare(full, model.config["preparation"])
    return Session(key, small, sizes, model.encode(full), attention.extent(model.coverage), pictures=pictures)


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
    # Another session, and not this one changed: explanations of the caption before may still be at work on it.
    session = replace(
        session, caption=caption, example=example or None, token=secrets.token_hex(8), maps={}, evidence={}
    )
    settings = {"decoding": decoding, "width": int(width), "length_penalty": float(length_penalty)}
    settings["checkpoint"] = checkpoint
    result = viewer.payload(
        session.study, caption, session.extent, checkpoint, session.sizes, example or None, settings
    )  # fmt: skip
    result["id"] = session.token
    title = f"{result['checkpoint']}, {result['search']}, log probability {caption.log_prob:.2f}"
    return result, replace(session, title=title)


class Panel(NamedTuple):
    """What other parts of the page work with.

    Attributes:
        viewer: the word viewer.
        session: gr.State of a Session, or None before the first caption.
        stops: what each visitor no longer waits for.
    """

    viewer: gr.HTML
    session: gr.State
    stops: Stops


def build(shelf, side, entries):
    """Lay out the panel and wire the side to it.

    Args:
        shelf: panels.shelf.Shelf.
        side: panels.side.Side.
        entries: the examples, as panels.examples.read gives them.

    Returns:
        Panel.
    """
    view = viewer.build(more=("method.js", "export.js", "queue.js"), constants={"METHODS": method.catalogue()})
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

    side.run.click(write, inputs, outputs, **MODEL, **private)
    if entries:
        picked = side.gallery.pick(pick, None, [*side.uploads, example, *settings], show_progress="hidden", **private)
        picked.success(write, inputs, outputs, **MODEL, **private)
    # A file of the visitor's own, or another order: it is not the example any longer.
    own = {"fn": lambda: None, "inputs": None, "outputs": example, **quick}
    for upload in side.uploads:
        upload.upload(**own)
        upload.clear(**own)
    swapped = side.swap.click(None, side.uploads, side.uploads, js="(frontal, lateral) => [lateral, frontal]", **quick)
    again = {"trigger_mode": "always_last", "show_progress": "minimal", **MODEL, **private}
    swapped.then(**own).then(write_again, inputs, outputs, **again)
    gr.on([component.input for component in settings], write_again, inputs, outputs, **again)
    stops = Stops()
    method.build(shelf, view, session, stops)
    export.build(shelf, view, session, stops)
    return Panel(view, session, stops)
