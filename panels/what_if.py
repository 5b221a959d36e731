"""The panel that asks what if: the pictures changed by hand, or another impression, and what the model says to that."""

import hashlib
import json
from dataclasses import dataclass
from math import exp, isfinite
from pathlib import Path

import gradio as gr

from captioner import BadInput, Caption, Hypothesis
from captioner.intervene import FILLS, GRID, intervene
from panels import what_if_asked as door
from panels.compare import align
from panels.explain import MODEL
from panels.pictures import data_url, shrink
from panels.viewer import EMPTY, refusal

_HERE = Path(__file__).parent
LONGEST_SIDE = 560  # pixels of a picture to paint on
STEADY = 0.05  # a probability that moves by less has not moved, for the sentence
END = "(end)"  # stands for the end of the impression among its words


@dataclass(frozen=True, eq=False)
class Weighed:
    """One text under the pictures as they were, and as they are now.

    Attributes:
        name: whose text it is: "before", "after" or "typed".
        before, after: Hypothesis, the same words.
    """

    name: str
    before: Hypothesis
    after: Hypothesis


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of the changes.

    Attributes:
        caption: Caption of the changed study; the one before when no picture was changed.
        texts: tuple of Weighed: the impression before; the one after, when it differs; the typed one, if any.
        changed: whether a picture was changed.
    """

    caption: Caption
    texts: tuple[Weighed, ...]
    changed: bool


def ask(model, study, features, caption, changes, typed=""):
    """Caption the changed study, and weigh the texts under both.

    Only the changed study is encoded. A word's probability is that of teacher forcing: given the pictures and the words
    before it in the same text.

    Args:
        model: Captioner.
        study: Study, unchanged.
        features: Features of it.
        caption: Caption of it.
        changes: captioner.intervene.Changes.
        typed: another impression; "" for none.

    Returns:
        Outcome.

    Raises:
        BadInput: changes that this study cannot take.
    """
    now, after = features, caption
    if not changes.nothing:
        now = model.encode(intervene(study, changes))
        after = model.caption(
            now, decoding=caption.decoding, beam_width=caption.beam_width, length_penalty=caption.length_penalty
        )
    texts = [("before", caption.text)]
    if after.text != caption.text:
        texts.append(("after", after.text))
    if typed:
        texts.append(("typed", typed))
    weighed = []
    for name, text in texts:
        before = model.score_text(features, text)
        weighed.append(Weighed(name, before, before if changes.nothing else model.score_text(now, text)))
    return Outcome(after, tuple(weighed), not changes.nothing)


def _probability(log_prob):
    return exp(log_prob) if isfinite(log_prob) else 0.0


def as_dict(outcome):
    """The outcome as plain data: what `/what_if` answers, and most of what the panel shows."""
    texts = []
    for weighed in outcome.texts:
        words = [
            {"text": word.text, "before": _probability(word.log_prob), "after": _probability(now.log_prob)}
            for word, now in zip(weighed.before.words, weighed.after.words)
        ]
        ends = weighed.before.end_log_prob, weighed.after.end_log_prob
        if None not in ends:
            words.append({"text": END, "before": _probability(ends[0]), "after": _probability(ends[1])})
        texts.append({
            "whose": weighed.name,
            "text": " ".join(word.text for word in weighed.before.words),
            "words": words,
            "log_prob": {"before": weighed.before.log_prob, "after": weighed.after.log_prob},
        })  # fmt: skip
    first = [word.text for word in outcome.texts[0].before.words]
    second = [word.text for word in outcome.caption.words]
    return {
        "before": texts[0]["text"],
        "after": outcome.caption.text,
        "changed": outcome.changed,
        "alignment": [{"before": i, "after": j, "same": same} for i, j, same in align(first, second)],
        "texts": texts,
        "sentence": sentence(outcome.changed, outcome.caption.text, texts),
    }


def sentence(changed, after, texts):
    """What happened, in plain words.

    Args:
        changed: whether a picture was changed.
        after: the impression now.
        texts: as in `as_dict`.
    """
    told = []
    if changed:
        same = after == texts[0]["text"]
        told.append("The impression stays the same." if same else "The impression changes.")
        moved = max(texts[0]["words"], key=lambda word: abs(word["after"] - word["before"]), default=None)
        if moved is None or abs(moved["after"] - moved["before"]) < STEADY:
            told.append("No probability of its words moves by as much as five points.")
        else:
            name = "its end" if moved["text"] == END else f"“{moved['text']}”"
            told.append(f"Most moves {name}: from {_percent(moved['before'])} to {_percent(moved['after'])}.")
    typed = next((text for text in texts if text["whose"] == "typed"), None)
    if typed:
        own = next((text for text in texts if text["text"] == after), texts[0])
        told.append(_odds(typed["log_prob"]["after"] - own["log_prob"]["after"]))
    return " ".join(told) or "Nothing is changed yet: paint on a view, move a slider, or type an impression."


def _odds(difference):
    """How a typed text's log probability compares with that of the model's own impression."""
    if abs(difference) < 0.05:
        return "Your text is as likely to the model as its own impression."
    times = exp(min(abs(difference), 50.0))
    if times >= 1e6:
        amount = "more than a million times"
    else:
        amount = f"{times:,.0f} times" if times >= 10 else f"{times:.1f} times"
    return f"Your text is {amount} {'more' if difference > 0 else 'less'} likely to the model than its own impression."


def _percent(probability):
    return "under 1%" if probability < 0.01 else f"{probability:.0%}"


def identity(session):
    """A short name of the study and search on the page, so that the browser knows when they are others."""
    caption = session.caption
    told = (session.key, caption.text, caption.decoding, caption.beam_width, caption.length_penalty)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def pictures(study):
    """The views to paint on, for the browser."""
    small = [shrink(view, LONGEST_SIDE) for view in study.views]
    return [
        {"name": view.name, "width": view.pixels.shape[1], "height": view.pixels.shape[0],
         "url": data_url(view.pixels)} for view in small
    ]  # fmt: skip


def features_of(model, session, kept):
    """`(features, kept)` of the study at the size that is changed here; encoded anew only where it was shown smaller.

    Args:
        kept: what this returned last, or None.
    """
    if all(view.pixels.shape == session.sizes[view.name] for view in session.study.views):
        return session.features, None
    if kept is None or kept[0] != session.key:
        kept = session.key, model.encode(session.study)
    return kept[1], kept


def build(shelf, panel, tab):
    """Lay out the panel and wire it.

    Args:
        shelf: panels.shelf.Shelf.
        panel: panels.explain.Panel, whose session holds the study.
        tab: the gr.Tab that this panel stands in.
    """
    names = f"const GRID = {GRID}, FILLS = {json.dumps(FILLS)};\n"
    view = gr.HTML(
        value=EMPTY,
        html_template=(_HERE / "what_if.html").read_text(encoding="utf-8"),
        js_on_load=names + (_HERE / "what_if.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="what-if",
    )
    kept = gr.State(None, time_to_live=3600)

    def show(session, kept, asked=None):
        if session is None or session.caption is None:
            return EMPTY, None
        asked = asked if isinstance(asked, dict) else {}
        current = identity(session)
        if asked.get("study") != current:
            asked = {}  # made for another study
        answer = {"study": current, "example": session.example["name"] if session.example else None}
        if not asked:
            answer["views"] = pictures(session.study)
        try:
            wanted = {name: asked[name] for name in ("frontal", "lateral", "swap") if name in asked}
            changes, typed = door.changes(wanted), door.text(asked.get("text"))
            model = shelf.get(session.key[2])
            features, kept = features_of(model, session, kept)
            outcome = ask(model, session.study, features, session.caption, changes, typed)
        except BadInput as error:
            return {**answer, **refusal(str(error))}, kept
        return {**answer, "state": "caption", **as_dict(outcome)}, kept

    def changed(event: gr.EventData, session, kept):
        return show(session, kept, event._data)

    settings = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private", **MODEL}
    inputs, outputs = [panel.session, kept], [view, kept]
    # `wanted`: there is a new caption, and this panel is the one that is open (what_if.js).
    for asked in (tab.select, view.wanted):
        asked(show, inputs, outputs, **settings)
    view.changed(changed, inputs, outputs, **settings)
