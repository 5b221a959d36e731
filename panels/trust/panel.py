"""The panel that puts the chosen word's map on trial, and says what came of it.

What is measured is measured in `explain.trial`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from captioner import BadInput
from captioner.language import text
from captioner.sentence import worded
from captioner.template import trusted
from explain import trial as word_trial
from explain import truth
from explain.methods.base import Explanation, method
from explain.metrics import attention_entropy, localisation
from explain.report.evidence import entry
from explain.trial import Trial, Trials
from panels.server import modules
from panels.server.jobs import SLOW, answers, number
from panels.shell import template
from panels.trust import figures as trust_figures
from panels.trust import random_weights
from panels.trust.places import places
from panels.viewer import method as methods
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from panels.server.model_pool import ModelPool
    from panels.viewer.panel import Panel
    from panels.viewer.session import CaptionedSession

KIND, RANDOM_KIND = "evidence", "random"

TRIALS = Trials()  # of all visitors: a class that opens one example computes it once


def measure(
    model: Captioner, session: CaptionedSession, name: str, word: int, progress: Callable[[float, float], object]
) -> Trial:
    """The Trial of a word of the session's caption, see `explain.trial.measure`; BadInput for an unknown method."""
    methods.check(model, name)
    pictures, caption = session.pictures, session.caption
    known = TRIALS.of(session.key.checkpoint, pictures, caption)

    def explained(word: int | None, progress: Callable[[int, int], object]) -> Explanation:
        return methods.explanation(model, session, name, word, progress=progress)

    return word_trial.measure(model, pictures, caption, name, word, known, explained, progress)


def render(session: CaptionedSession, word: int, trial: Trial) -> str:
    """The Trial of a word as HTML."""
    spelled, own = session.caption.words[word].text, trial.own
    found, values = trial.found[word], own.maps[0]
    parts = [trust_figures.shares(spelled, found), trust_figures.hiding(spelled, found)]
    parts.append(trust_figures.curves(trial.compared))
    mask, target = session.pictures[1], truth.masks_of(session.example, session.caption.text, word)
    if target is not None:
        name, masks = target
        parts.append(
            trust_figures.pointing(
                name,
                localisation.pointing_game(values, masks, mask, own.extent),
                localisation.random_pointing(masks, mask),
                localisation.ious(values, masks, mask, own.extent),
            )
        )
    positive = np.maximum(values, 0)
    if positive.sum() > 0:
        parts.append(
            trust_figures.spread(attention_entropy.attention_entropy(positive, mask), worded(method(own.method).title))
        )
    shown = places(session, word, trial, target)
    return template.render(
        "trust/trial.html",
        verdict=trusted(trust_figures.verdict(spelled, found)),
        places=trusted(shown),
        cards=[trusted(part) for part in parts],
    )


def build(pool: ModelPool, panel: Panel, entries: Sequence[dict[str, Any]]) -> None:
    """Lay out the panel and wire it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        panel: panels.viewer.panel.Panel.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """
    out = gr.HTML(
        value={"state": "empty"},
        html_template=template.render("trust/trust.html"),
        js_on_load=modules.start("trust/trust.js", ["wanted", "test", "stop"], METHODS=worded(methods.catalogue())),
        apply_default_css=False,
        elem_id="trust",
    )
    # (checkpoint, method) -> what came of random weights, and of how many studies: the same for every visitor.
    tested: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}

    def wanted(event: gr.EventData, session: Any, request: gr.Request) -> Iterator[dict[str, Any]]:
        asked = event._data

        def work(progress: Callable[[float, float], object]) -> dict[str, Any]:
            if not captioned(session) or asked.get("id") != session.token:
                raise BadInput(text("The page shows another impression by now."))
            word, name = methods.place(session.caption, asked.get("word")), asked.get("method")
            trial = measure(pool.get(session.key.checkpoint), session, name, word, progress)
            marks = {
                str(place): {"kind": trust_figures.mark(each), "short": entry("", each)["short"]}
                for place, each in trial.found.items()
            }
            known = tested.get((session.key.checkpoint, name))
            return {
                "html": render(session, word, trial),
                "marks": marks,
                "random": random_weights.randomisation(*known) if known is not None else None,
                "slow": method(name).slow,
            }

        about = {"kind": KIND, "id": asked.get("id"), "method": asked.get("method")}
        yield from answers(event, request, panel.stops, KIND, work, **about)

    def test(event: gr.EventData, session: Any, request: gr.Request) -> Iterator[dict[str, Any]]:
        asked = event._data

        def work(progress: Callable[[float, float], object]) -> dict[str, Any]:
            if not captioned(session):
                raise BadInput(text("Choose an example, or bring your own pictures, first."))
            name = methods.check(pool.get(session.key.checkpoint), asked.get("method"))
            key = session.key.checkpoint, name
            if key not in tested:
                # Of a copy: the checkpoint that visitors use stays as it is, and writes what the copy is asked about.
                copy, own = pool.copy(session.key.checkpoint), pool.get(session.key.checkpoint)
                tested[key] = word_trial.on_random_weights(copy, name, entries, progress, own)
            return {"random": random_weights.randomisation(*tested[key])}

        about = {"kind": RANDOM_KIND, "id": asked.get("id"), "method": asked.get("method")}
        yield from answers(event, request, panel.stops, RANDOM_KIND, work, **about)

    def stop(event: gr.EventData, request: gr.Request) -> None:
        if event._data.get("kind") in (KIND, RANDOM_KIND):
            panel.stops.stop(request.session_hash, event._data["kind"], number(event._data))

    private: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "multiple"}
    out.wanted(wanted, panel.session, out, **SLOW, **private)
    out.test(test, panel.session, out, **SLOW, **private)
    out.stop(stop, None, None, queue=False, **private)
