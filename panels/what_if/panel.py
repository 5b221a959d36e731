"""The panel that asks what if: the pictures changed by hand, or another impression, and what the model says to that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.counterfactual import as_dict, compare_with_changes
from captioner.images.orientation import orientation
from captioner.images.perturbation import FILLS, GRID
from captioner.numbers import plain_map
from explain import places
from panels.server import modules
from panels.shell import template
from panels.viewer.panel import MODEL
from panels.viewer.pictures import data_url, shrink
from panels.viewer.session import captioned
from panels.viewer.word_viewer import EMPTY, colour_tables, refusal
from panels.what_if import request as door

if TYPE_CHECKING:
    from captioner.caption import Word
    from captioner.captioner import Captioner, Features
    from captioner.counterfactual import Outcome
    from captioner.images.study import Study, View
    from panels.server.model_pool import ModelPool
    from panels.viewer.panel import Panel
    from panels.viewer.session import CaptionedSession, StudyKey

LONGEST_SIDE = 560  # pixels of a picture to paint on


def identity(session: CaptionedSession) -> str:
    """A short name of the study and search on the page, so that the browser knows when they are others."""
    caption = session.caption
    told = (session.key, caption.text, caption.decoding, caption.beam_width, caption.length_penalty)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def fields(view: View) -> list[list[str]]:
    """The names of the ninths of a view, row by row."""
    lies = orientation(view.pixels, view.name)
    return [[places.named(down, across, view.name, lies) for across in range(3)] for down in range(3)]


def pictures(study: Study) -> list[dict[str, Any]]:
    """The views to paint on, for the browser."""
    small = [shrink(view, LONGEST_SIDE) for view in study.views]
    return [
        {
            "name": view.name,
            "width": view.pixels.shape[1],
            "height": view.pixels.shape[0],
            "url": data_url(view.pixels),
            "fields": fields(view),
        }
        for view in small
    ]


def maps_of(outcome: Outcome) -> list[list[dict[str, Any]] | None]:
    """Where each word of each text was read, before the changes and after them, for the browser.

    Returns:
        for each of `outcome.texts` a list of `{"before", "after"}`, maps view by view and row by row; None for a model
        without attention.
    """

    def told(word: Word) -> Any:
        return None if word.attention is None else plain_map(word.attention, 5)

    return [
        [{"before": told(word), "after": told(now)} for word, now in zip(weighed.before.words, weighed.after.words)]
        if all(word.attention is not None for word in weighed.before.words)
        else None
        for weighed in outcome.texts
    ]


class Resized:
    """The features of a study at the size that is changed here, where it was shown smaller than it came.

    Attributes:
        key: StudyKey of the study.
        features: of it; None once they are given up.
    """

    def __init__(self, key: StudyKey, features: Features | None) -> None:
        self.key, self.features = key, features

    def let_go(self) -> None:
        """Give the features up."""
        self.features = None


def features_of(model: Captioner, session: CaptionedSession, kept: Resized | None) -> tuple[Features, Resized | None]:
    """`(features, kept)` of the study at the size that is changed here; encoded anew only where it was shown smaller.

    Args:
        kept: what this returned last, or None.
    """
    if all(view.pixels.shape == session.sizes[view.name] for view in session.study.views):
        return session.features, None
    features = kept.features if kept is not None and kept.key == session.key else None
    if features is None:
        features = model.encode(session.study)
        kept = Resized(session.key, features)
    return features, kept


def build(pool: ModelPool, panel: Panel, tab: gr.Tab) -> None:
    """Lay out the panel and wire it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        panel: panels.viewer.panel.Panel, whose session holds the study.
        tab: the gr.Tab that this panel is in.
    """
    constants = {"GRID": GRID, "FILLS": FILLS, "COLOURS": colour_tables()}
    view = gr.HTML(
        value=EMPTY,
        html_template=template.render("what_if/what_if.html"),
        js_on_load=modules.start("what_if/what_if.js", ["wanted", "changed"], **constants),
        apply_default_css=False,
        elem_id="what-if",
    )
    kept = gr.State(None, time_to_live=3600)

    def show(session: Any, kept: Any, asked: Any = None) -> tuple[Any, Any]:
        if not captioned(session):
            return EMPTY, None
        asked = asked if isinstance(asked, dict) else {}
        current = identity(session)
        if asked.get("study") != current:
            asked = {"number": asked.get("number")}  # made for another study
        # Its number sets an answer apart from an equal one before: the page waits for it.
        answer = {
            "number": asked.get("number"),
            "study": current,
            "example": session.example["name"] if session.example else None,
        }
        if "study" not in asked:
            answer["views"] = pictures(session.study)
        try:
            wanted = {name: asked[name] for name in ("frontal", "lateral", "swap") if name in asked}
            changes, typed = door.changes(wanted), door.impression(asked.get("text"))
            model = pool.get(session.key.checkpoint)
            features, kept = features_of(model, session, kept)
            outcome = compare_with_changes(model, session.study, features, session.caption, changes, typed)
        except BadInput as error:
            return {**answer, **refusal(str(error))}, kept
        told = {"extent": list(session.extent), "maps": maps_of(outcome)}
        return {**answer, "state": "caption", **as_dict(outcome), **told}, kept

    def changed(event: gr.EventData, session: Any, kept: Any) -> tuple[Any, Any]:
        return show(session, kept, event._data)

    settings = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private", **MODEL}
    inputs, outputs = [panel.session, kept], [view, kept]
    # `wanted`: there is a new caption, and this panel is the one that is open (what_if.js).
    for asked in (tab.select, view.wanted):
        asked(show, inputs, outputs, **settings)
    # The browser has one wish on its way at a time (what_if.js); Gradio's own way would wait for a lost one for ever.
    view.changed(changed, inputs, outputs, **settings | {"trigger_mode": "multiple"})
