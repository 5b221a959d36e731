"""Files to take away: the report, the figure of all words, the walk through the words, and the numbers."""

import base64
import json

import gradio as gr

from captioner import BadInput, read_study
from explain import figure, report, report_evidence
from explain.method import METHODS, method
from panels import method as methods
from panels.progress import SLOW, answers

KIND = "file"
KINDS = ("report", "figure", "animation", "json")

_SAVE = """
watch("value", () => {
  const value = props.value;
  if (!value || !value.number) return;
  document.dispatchEvent(new CustomEvent("cxr-file", { detail: { ...value, url: null } }));
  if (value.state !== "done") return;
  const link = document.createElement("a");
  link.href = value.url;
  link.download = value.name;
  link.click();
});
"""


def _download(name, kind, data):
    """A file as `{"name", "url"}` inside the answer itself: no file lies on the server for anyone to fetch."""
    return {"name": name, "url": f"data:{kind};base64," + base64.b64encode(data).decode("ascii")}


def figure_file(session, settings):
    """The figure of all words with their attention, a PNG, drawn as the visitor sees it."""
    drawn = figure.all_words(
        session.study, session.caption.words, session.extent, over=settings["over"], colours=settings["colours"],
        smooth=bool(settings["smooth"]), opacity=min(max(float(settings["opacity"]), 0.0), 1.0), title=session.title,
    )  # fmt: skip
    return _download("impression.png", "image/png", figure.png(drawn))


def caption_file(session):
    """The caption as JSON, in the form that `/caption` and the command line give it too."""
    name = session.example["name"] if session.example else None
    return _json_file("caption.json", session.caption.as_dict(name))


def as_dict(model, caption, found, study=None):
    """An Explanation as plain data: what `/explain` answers.

    Args:
        model: Captioner.
        caption: captioner.Caption.
        found: Explanation of words of it.
        study: the study's name.

    Returns:
        dict of "study", "checkpoint", "text", "log_prob", "method", "title", "meaning", "signed", "grid", "extent" (top,
        left, bottom, right, 0..1) and "words", each with "text", "token_id", "position" (from 0), "log_prob", "instead_of"
        (the token's text, or null), "map" (view by view, row by row) and "details" (numbers that the method found out).
    """
    made, words = method(found.method), []
    for row, position in enumerate(found.positions):
        word, other = caption.words[position], found.alternatives[row]
        words.append({
            "text": word.text, "token_id": word.token_id, "position": position, "log_prob": word.log_prob,
            "instead_of": None if other is None else _text(model.vocabulary, other),
            "map": found.maps[row].tolist(),
            "details": {name: float(values[row]) for name, values in found.details.items()},
        })  # fmt: skip
    return {
        "study": study, "checkpoint": model.name, "text": caption.text, "log_prob": caption.log_prob,
        "method": found.method, "title": made.title, "meaning": methods.SOURCES[found.method].meaning,
        "signed": found.signed, "grid": found.grid, "extent": list(found.extent), "words": words,
    }  # fmt: skip


def _text(vocabulary, token):
    return "<end>" if token == vocabulary.end else vocabulary.word(int(token))


def _json_file(name, content):
    return _download(name, "application/json", json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8"))


def _study(session):
    """The study at its own size while its files are there (they go within the hour), else as the page shows it."""
    try:
        return read_study(session.key[0], session.key[1] or None)
    except BadInput:
        return session.study


def write(model, session, asked, progress):
    """The file that was asked for, `{"name", "url"}`.

    Args:
        model: Captioner of the session's caption.
        session: panels.explain.Session.
        asked: dict of "kind" in KINDS, "method", and for the figure of attention "over", "colours", "smooth", "opacity".
        progress: as in explain.method.Method.explain; it counts anew for the maps and for the evidence.
    """
    kind, name, caption = asked.get("kind"), asked.get("method"), session.caption
    if kind not in KINDS:
        raise BadInput("There is no such file to save.")
    if name not in METHODS:
        name = "attention"
    if name == "attention" and kind == "json":
        return caption_file(session)
    if kind == "figure" and (name == "attention" or not caption.words):
        return figure_file(session, asked)
    found = methods.explanation(model, session, name, progress=progress) if caption.words else None
    stem = f"impression-{name}"
    if kind == "json":
        if found is None:
            return caption_file(session)
        example = session.example["name"] if session.example else None
        return _json_file(f"{stem}.json", as_dict(model, caption, found, example))
    if kind == "report":
        study = _study(session)
        evidence = None
        if found is not None:
            evidence = report_evidence.measure(model, session.pictures, caption, found, progress)
        page = report.report_html(model, study, caption, (found,) if found is not None else (), evidence)
        return _download(f"{stem}.html", "text/html", page.encode("utf-8"))
    still, moving = report.still_and_moving(model, session.study, caption, found)
    return _download(f"{stem}.png", "image/png", still) if kind == "figure" else _download(
        f"{stem}.gif", "image/gif", moving
    )  # fmt: skip


def build(shelf, view, session, stops):
    """Wire the viewer's wishes for files; it triggers `file` and `slow_file`.

    Args:
        shelf: panels.shelf.Shelf.
        view: the word viewer.
        session: gr.State of a panels.explain.Session.
        stops: panels.progress.Stops.
    """
    saved = gr.HTML(visible="hidden", html_template="", js_on_load=_SAVE)

    def save(event: gr.EventData, session, request: gr.Request):
        def work(progress):
            if session is None or session.caption is None:
                raise BadInput("There is no impression to save yet.")
            return write(shelf.get(session.key[2]), session, event._data, progress)

        yield from answers(event, request, stops, KIND, work)

    private = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "multiple"}
    view.file(save, session, saved, concurrency_limit=1, concurrency_id="figure", **private)
    view.slow_file(save, session, saved, **SLOW, **private)
