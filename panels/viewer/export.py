"""Files to take away: the report, the figure of all words, the walk through the words, and the numbers."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput, read_study
from captioner.images.orientation import orientation
from captioner.language import ENGLISH, speaking, text
from captioner.numbers import plain_map
from captioner.sentence import Sentence
from captioner.serving.answer import findings_dicts
from explain import places
from explain.methods.base import METHODS, method
from explain.report import evidence as report_evidence
from explain.report import figure
from explain.report import page as report
from explain.report.data import shares
from explain.report.parts import notices, shown_views
from panels.server import modules
from panels.server.jobs import FIGURE, SLOW, answers
from panels.viewer import method as methods
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from captioner.caption import Caption, Finding
    from captioner.captioner import Captioner
    from captioner.images.study import Study
    from captioner.vocabulary import Vocabulary
    from explain.methods.base import Explanation
    from panels.server.jobs import Stops
    from panels.server.model_pool import ModelPool
    from panels.viewer.session import CaptionedSession

KIND = "file"
KINDS = ("report", "figure", "animation", "json")


def _download(name: str, kind: str, data: bytes) -> dict[str, str]:
    """A file as `{"name", "url"}` inside the answer itself: no file lies on the server for anyone to fetch."""
    return {"name": name, "url": f"data:{kind};base64," + base64.b64encode(data).decode("ascii")}


def figure_file(session: CaptionedSession, settings: dict[str, Any]) -> dict[str, str]:
    """The figure of all words with their attention, a PNG, drawn as the visitor sees it."""
    drawn = figure.all_words(
        session.study,
        session.caption.words,
        session.extent,
        over=settings["over"],
        colours=settings["colours"],
        smooth=bool(settings["smooth"]),
        opacity=min(max(float(settings["opacity"]), 0.0), 1.0),
        title=f"{method('attention').title}, {session.title}",
        truth=session.truth,
    )
    return _download(f"{stem(session, 'attention')}.png", "image/png", figure.png(drawn))


def caption_file(session: CaptionedSession) -> dict[str, str]:
    """The caption as JSON, in the form that `/caption` and the command line give it too."""
    name = session.example["name"] if session.example else None
    told = {**session.caption.as_dict(name), "checkpoint": session.key.checkpoint, "truth": session.truth.as_dict()}
    return _json_file(f"{stem(session, 'caption')}.json", told)


def stem(session: CaptionedSession, what: str) -> str:
    """The name of a session's file without its ending: study, checkpoint and what it holds, such as the method."""
    told = "-".join((session.truth.name, session.key.checkpoint or "", what))
    return re.sub(r"\W+", "-", told).strip("-")[:120]


def as_dict(
    model: Captioner,
    caption: Caption,
    found: Explanation,
    study: Study,
    name: str | None = None,
    findings: Sequence[Finding] | None = None,
) -> dict[str, Any]:
    """An Explanation as plain data: what `/explain` answers.

    Args:
        model: Captioner.
        caption: captioner.Caption.
        found: Explanation of words of it, or of findings.
        study: captioner.Study of the caption.
        name: the study's name.
        findings: what the finding head says of the study; None without one.

    Returns:
        dict of "study", "checkpoint", "text", "log_prob", "method", "title", "meaning", "signed", "grid", "extent"
        (top, left, bottom, right, 0..1) and "words", each with "text", "token_id", "position" (from 0), "log_prob",
        "instead_of" (the token's text, or null), "map" (view by view, row by row), "places" (a sentence on each view:
        where the map is strongest) and "details" (numbers that the method found out). "notices": sentences about the
        pictures, as `/caption` has them. "findings": None, or as of
        `captioner.serving.answer.findings_dicts`, each with "explained": None, or "map", "places" and "details" by the
        method, where it was the finding that was explained.
    """
    made, views = method(found.method), shown_views(study, caption)
    names = [view.name for view in views]
    lie = [orientation(view.pixels, view.name) for view in views]
    explained = [
        {
            "map": plain_map(values),
            "places": places.sentences(values, shares(values), names, lie, found.extent),
            "details": {name: float(numbers[row]) for name, numbers in found.details.items()},
        }
        for row, values in enumerate(found.maps)
    ]
    words = [
        {
            "text": caption.words[position].text,
            "token_id": caption.words[position].token_id,
            "position": position,
            "log_prob": caption.words[position].log_prob,
            "instead_of": None if other is None else _text(model.vocabulary, other),
            **own,
        }
        for position, other, own in zip(found.positions, found.alternatives, explained)
        if not found.findings
    ]
    of_finding = dict(zip(found.findings, explained))
    seen = None if findings is None else findings_dicts(findings, caption.text)
    for record in seen or ():
        record["explained"] = of_finding.get(record["name"])
    return {
        "study": name,
        "checkpoint": model.name,
        "text": caption.text,
        "log_prob": caption.log_prob,
        "method": found.method,
        "title": made.title,
        "meaning": methods.SOURCES[found.method].meaning,
        "signed": found.signed,
        "grid": found.grid,
        "extent": list(found.extent),
        "words": words,
        "notices": notices(study, caption),
        "findings": seen,
    }


def _text(vocabulary: Vocabulary, token: int) -> str:
    return "<end>" if token == vocabulary.end else vocabulary.word(int(token))


def _json_file(name: str, content: Any) -> dict[str, str]:
    return _download(name, "application/json", json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8"))


def _study(session: CaptionedSession) -> Study:
    """The study at its own size while its files are there (they go within the hour), else as the page shows it."""
    try:
        return read_study(session.key.frontal, session.key.lateral or None, mend=session.key.mended)
    except BadInput:
        return session.study


def write(
    model: Captioner, session: CaptionedSession, asked: dict[str, Any], progress: Callable[[int, int], object]
) -> dict[str, str]:
    """The file that was asked for, `{"name", "url"}`.

    Args:
        model: Captioner of the session's caption.
        session: panels.viewer.session.Session.
        asked: dict of "kind" in KINDS, "method", and for the figure of attention "over", "colours", "smooth",
            "opacity".
        progress: as in explain.methods.base.Method.explain; it counts anew for the maps and for the evidence.
    """
    kind, name, caption = asked.get("kind"), asked.get("method"), session.caption
    if kind not in KINDS:
        raise BadInput(Sentence("There is no such file to save."))
    if name not in METHODS:
        name = "attention"
    if name == "attention" and kind == "json":
        return caption_file(session)
    if kind == "figure" and (name == "attention" or not caption.words):
        return figure_file(session, asked)
    found = methods.explanation(model, session, name, progress=progress) if caption.words else None
    named = stem(session, name)
    if kind == "json":
        if found is None:
            return caption_file(session)
        example = session.example["name"] if session.example else None
        findings = model.findings(session.features) if model.has_findings else None
        told = as_dict(model, caption, found, session.study, example, findings)
        return _json_file(f"{named}.json", {**told, "truth": session.truth.as_dict()})
    if kind == "report":
        study = _study(session)
        evidence = None
        if found is not None:
            evidence = report_evidence.measure(model, session.pictures, caption, found, progress)
        explained = (found,) if found is not None else ()
        seen = report.explained_findings(model, session.features, caption, name, progress)
        page = report.report_html(model, study, caption, explained, evidence, truth=session.truth, seen=seen)
        return _download(f"{named}.html", "text/html", page.encode("utf-8"))
    still, moving = report.still_and_moving(model, session.study, caption, found, session.truth)
    return (
        _download(f"{named}.png", "image/png", still)
        if kind == "figure"
        else _download(f"{named}.gif", "image/gif", moving)
    )


def build(pool: ModelPool, view: gr.HTML, session: gr.State, stops: Stops) -> None:
    """Wire the viewer's wishes for files; it triggers `file` and `slow_file`.

    Args:
        pool: panels.server.model_pool.ModelPool.
        view: the word viewer.
        session: gr.State of a panels.viewer.session.Session.
        stops: panels.server.jobs.Stops.
    """
    saved = gr.HTML(visible="hidden", html_template="", js_on_load=modules.start("viewer/save_file.js"))

    def save(event: gr.EventData, session: Any, request: gr.Request) -> Iterator[Any]:
        yield from told(event, session, request, FIGURE)

    def slow_save(event: gr.EventData, session: Any, request: gr.Request) -> Iterator[Any]:
        yield from told(event, session, request, SLOW)

    def told(event: gr.EventData, session: Any, request: gr.Request, place: dict[str, Any]) -> Iterator[Any]:
        def work(progress: Callable[[int, int], object]) -> dict[str, str]:
            if not captioned(session):
                raise BadInput(text("There is no impression to save yet."))
            with speaking(ENGLISH):  # files go from hand to hand
                return write(pool.get(session.key.checkpoint), session, event._data, progress)

        return answers(event, request, stops, KIND, work, place=place)

    private: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "multiple"}
    view.file(save, session, saved, **FIGURE, **private)
    view.slow_file(slow_save, session, saved, **SLOW, **private)
