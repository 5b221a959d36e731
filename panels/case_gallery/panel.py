"""The panel with the gallery: cases with what a checkpoint said of each; choosing one loads it as an example."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from captioner.language import later
from captioner.reports.findings import FINDINGS
from captioner.sentence import Sentence
from explain import case_gallery
from panels.server import modules
from panels.shell import deep_link, template
from panels.shell.gallery import thumbnail

NOTHING = later("nothing planted")
WITHOUT = Sentence("What a checkpoint says of these cases was not written down: `python -m explain gallery` does that.")


def payload(folder: Path, cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All that the browser shows, as JSON.

    Args:
        folder: of the cases, with what a checkpoint made of them.
        cases: as captioner.phantom.read_cases gives them.

    Returns:
        dict: `checkpoint`, whose answers are told; `summary`, how it does on all of them; `filters`, name ->
        `[[value, label, count], ...]`; `cards`, each with `name`, `code` (of a quiz), `title`, `pictures`,
        `impression`, `verdict`, `marks` (of its outcomes and its place) and `values`, filter -> what it answers to.
    """
    told = case_gallery.read(folder)
    answers = told["cases"] if told else {}
    cards = [_card(entry, answers.get(entry["name"])) for entry in cases]
    kinds = {
        "finding": [(name, Sentence(name)) for name in (*FINDINGS, NOTHING)],
        "outcome": list(case_gallery.OUTCOMES.items()),
        "place": list(case_gallery.PLACES.items()),
    }
    filters = {
        kind: [[value, label, count] for value, label in offered if (count := _count(cards, kind, value))]
        for kind, offered in kinds.items()
    }
    return {
        "state": "cases",
        "summary": case_gallery.summary(told) if told else WITHOUT,
        "checkpoint": told["checkpoint"] if told else "",
        "filters": filters,
        "cards": cards,
    }


def _count(cards: Sequence[dict[str, Any]], kind: str, value: str) -> int:
    return sum(value in card["values"][kind] for card in cards)


def _card(entry: dict[str, Any], told: dict[str, Any] | None) -> dict[str, Any]:
    outcomes, place = (told["outcomes"], [told["place"]]) if told else ([], [])
    return {
        "name": entry["name"],
        "code": deep_link.case_code(entry["name"]),
        "title": Sentence(entry["title"]),
        "pictures": [thumbnail(entry[view]) for view in ("frontal", "lateral") if entry[view]],
        "impression": told["impression"] if told else "",
        "verdict": told["verdict"] if told else "",
        "marks": [[name, case_gallery.OUTCOMES[name]] for name in outcomes]
        + [[name, Sentence("map {place}", place=case_gallery.PLACES[name])] for name in place if name != "none"],
        "values": {"finding": case_gallery.findings_of(entry) or [NOTHING], "outcome": outcomes, "place": place},
    }


def build(folder: Path, cases: Sequence[dict[str, Any]]) -> None:
    """Lay out the panel and wire it.

    Args:
        folder, cases: as in `payload`.
    """
    view = gr.HTML(
        value={"state": "empty"},
        html_template=template.render("case_gallery/case_gallery.html"),
        js_on_load=modules.start("case_gallery/case_gallery.js", ["wanted"]),
        apply_default_css=False,
        elem_id="gallery",
    )

    @cache
    def shown() -> dict[str, Any]:  # the same for every visitor, and not before somebody opens the panel
        return payload(folder, cases)

    view.wanted(
        lambda: shown(),
        None,
        view,
        show_progress="hidden",
        api_visibility="private",
        concurrency_id="gallery",
        concurrency_limit=1,
    )
