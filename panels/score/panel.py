"""The panel that holds the predicted impression against the radiologist's: scores, and the findings of both texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.evaluation.impression_score import LONGEST, score
from captioner.evaluation.see_or_say import Row, see_or_say
from captioner.language import text
from captioner.sentence import Sentence, worded
from explain import truth
from panels.server import modules
from panels.shell import template
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from panels.viewer.panel import Panel

MARKS = {
    "agreed": Sentence("Agreed"),
    "missed": Sentence("Missed"),
    "made_up": Sentence("Made up"),
    "side_wrong": Sentence("Finding right, side wrong"),
    "side_missing": Sentence("Side left out"),
    "contradictory": Sentence("Stated and denied"),
}
WITHIN = {
    "agreed": Sentence("agreed"),
    "missed": Sentence("missed"),
    "made_up": Sentence("made up"),
    "side_wrong": Sentence("finding right, side wrong"),
    "side_missing": Sentence("side left out"),
    "contradictory": Sentence("stated and denied"),
}
"""The same within a sentence."""

ALWAYS = ("agreed", "missed", "made_up")  # lists that are shown even when they are empty
# Of several findings that share words the last of these colours the mark.
GRAVER = ("agreed", "side_missing", "made_up", "missed", "side_wrong", "contradictory")


@dataclass(frozen=True)
class Piece:
    """Words of a text that are shown alike.

    Attributes:
        words: separated by single spaces.
        kind: what became of the finding that they state, a name of MARKS; "" where they state none.
        said: each finding that they state with what became of it, in the language of the page.
        unknown: whether the model's vocabulary lacks them.
    """

    words: str
    kind: str = ""
    said: str = ""
    unknown: bool = False


def pieces(cleaned: str, found: Any, findings: Any, unknown: Iterable[int] = ()) -> list[Piece]:
    """A cleaned text in pieces, those that state a finding marked by what became of it.

    Args:
        cleaned: words separated by single spaces.
        found: list of `{"finding", "start", "end"}`; spans may overlap.
        findings: as `captioner.evaluation.impression_score.score` gives them.
        unknown: places of words that the model's vocabulary lacks; they are marked as such.
    """
    kinds = {name: kind for kind in GRAVER for name in findings.get(kind, ())}
    words, lacking = cleaned.split(), set(unknown)

    def alike(place: int) -> tuple[tuple[str, ...], bool]:
        return tuple(m["finding"] for m in found if m["start"] <= place < m["end"]), place in lacking

    parts = []
    for (names, lacks), places in groupby(range(len(words)), alike):
        shown = " ".join(words[place] for place in places)
        if names:
            kind = max((kinds[name] for name in names), key=GRAVER.index)
            said = ", ".join(f"{_finding(name)}: {worded(WITHIN[kinds[name]])}" for name in dict.fromkeys(names))
            parts.append(Piece(shown, kind, said, lacks))
        else:
            parts.append(Piece(shown, unknown=lacks))
    return parts


def render(
    scored: dict[str, Any],
    planted: bool = False,
    unknown: Iterable[int] = (),
    rows: Sequence[Row] = (),
    verdict: str = "",
) -> str:
    """A score as HTML. Every text is escaped.

    Args:
        scored: as `captioner.evaluation.impression_score.score` gives it.
        planted: whether the reference is what an example was made to show, and no radiologist wrote it.
        unknown: places of words of the reference that the model's vocabulary lacks.
        rows: of `captioner.evaluation.see_or_say`; none of a model without a finding head.
        verdict: of `explain.truth.verdict`, on the prediction; "" for none.
    """
    findings, lacking = scored["findings"], tuple(unknown)
    return template.render(
        "score/score.html",
        verdict=worded(verdict),
        planted=planted,
        reference=pieces(scored["reference"], scored["mentions"]["reference"], findings, lacking),
        prediction=pieces(scored["prediction"], scored["mentions"]["prediction"], findings),
        lists=[
            (kind, worded(title), [_finding(name) for name in findings[kind]])
            for kind, title in MARKS.items()
            if findings[kind] or kind in ALWAYS
        ],
        normal=not any(findings.values()),
        rows=[_row(row) for row in rows],
        lacking=bool(lacking),
        scores=[
            *((f"BLEU-{order}", *pair) for order, pair in enumerate(zip(scored["bleu"], scored["seed_bleu"]), 1)),
            ("ROUGE-L", scored["rouge_l"], None),
        ],
    )


def _row(row: Row) -> dict[str, Any]:
    """What the table of reference, finding head and impression says of one finding."""
    return {
        "finding": _finding(row.finding),
        "reference": row.reference,
        "reference_side": _side(row.reference_side),
        "seen": row.seen,
        "seen_side": _side(row.seen_side),
        "probability": row.probability,
        "impression": row.impression,
        "impression_side": _side(row.impression_side),
        "sentence": worded(row.sentence),
    }


def _side(side: str | None) -> str | None:
    return None if side is None else {"left": text("left"), "right": text("right")}.get(side, text("both sides"))


def _finding(name: str) -> str:
    """A finding's name in the language of the page."""
    return text(name)


def _unknown(pool: Any, session: Any, reference: str) -> list[int]:
    if pool is None or session.key.checkpoint not in pool.names:
        return []
    vocabulary = pool.get(session.key.checkpoint).vocabulary
    return [place for place, token in enumerate(vocabulary.encode(reference)) if token == vocabulary.unknown]


def _rows(pool: Any, session: Any, reference: str) -> tuple[Row, ...]:
    """What became of each finding, where the model has a finding head."""
    if pool is None or session.key.checkpoint not in pool.names:
        return ()
    model = pool.get(session.key.checkpoint)
    return see_or_say(reference, session.caption.text, model.findings(session.features)) if model.has_findings else ()


def build(panel: Panel, tab: gr.Tab, pool: Any = None) -> None:
    """Lay out the panel and wire it.

    Args:
        panel: panels.viewer.panel.Panel, whose session holds the prediction.
        tab: the gr.Tab that this panel is in.
        pool: panels.server.model_pool.ModelPool, whose vocabularies tell the words that no model could have written.
    """
    with gr.Row(elem_id="score-form"):
        typed = gr.Textbox(
            label=text("The radiologist's impression"),
            lines=2,
            max_lines=8,
            max_length=LONGEST,
            elem_id="reference",
            placeholder=text("Type or paste it here, as it was written."),
            scale=1,
        )
        button = gr.Button(text("Score"), variant="primary", scale=0, min_width=110, elem_id="score-run")
    out = gr.HTML(apply_default_css=False, js_on_load=modules.start("score/score.js", ["wanted"]), elem_id="score")
    filled = gr.State("")

    def show(reference: Any, session: Any) -> str:
        if not captioned(session):
            return template.render(
                "score/refusal.html", sentence=text("Choose an example, or bring your own pictures, first.")
            )
        reference = reference or ""
        try:
            scored = score(reference, session.caption.text)
            planted = session.example is not None and reference.strip() == session.example["impression"]
            unknown, rows = _unknown(pool, session, scored["reference"]), _rows(pool, session, reference)
            return render(scored, planted, unknown, rows, truth.verdict(reference, session.caption.text))
        except BadInput as error:
            return template.render("score/refusal.html", sentence=worded(str(error)))

    def fill(reference: Any, filled: Any, session: Any) -> tuple[Any, Any, str]:
        # What an example was made to show serves as the report, until the visitor types one.
        if (reference or "").strip() in ("", filled):
            reference = filled = session.example["impression"] if session is not None and session.example else ""
        note = text("An example fills in what it was made to show. Type over it.") if filled else None
        return gr.update(value=reference, info=note), filled, show(reference, session)

    private: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "score", "concurrency_limit": 2}
    for asked in (button.click, typed.submit):
        asked(show, [typed, panel.session], out, show_progress="hidden", **private)
    for asked in (tab.select, out.wanted):
        asked(fill, [typed, filled, panel.session], [typed, filled, out], show_progress="hidden", **private)
