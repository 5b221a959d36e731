"""Maps by any method of explanation, for the words of the impression that a visitor has on the page.

The browser asks for all words of a quick method or for one word of a slow one (method.js), and is sent the maps in the
form of the report (explain/report_data.py). They reach the viewer through a component that nobody sees, so that the
answer which the viewer holds, its chosen word and its zoom stay as they are.
"""

import json
from dataclasses import replace

import gradio as gr
import numpy as np

from captioner import BadInput
from explain.method import METHODS, method
from explain.report_data import coarse, payload
from explain.report_parts import shown_views
from explain.sources import SOURCES
from panels.progress import MODEL, SLOW, answers, number

KIND = "maps"
KEPT = 40  # explanations that a session keeps, the newest
_PASS_ON = """
watch("value", () => {
  if (props.value && props.value.number) document.dispatchEvent(new CustomEvent("cxr-maps", { detail: props.value }));
});
"""


def catalogue():
    """The methods for the browser, in the registry's order."""
    made = {name: method(name) for name in METHODS}
    return [
        {"name": name, "title": one.title, "slow": one.slow, "contrastive": one.contrastive,
         "signed": one.signed, "meaning": SOURCES[name].meaning}
        for name, one in made.items()
    ]  # fmt: skip


def constant():
    """The catalogue as a line of JavaScript."""
    return f"const METHODS = {json.dumps(catalogue())};"


def offered(model):
    """The names of the methods that work with this captioner."""
    return [name for name in METHODS if name != "attention" or model.has_attention]


def check(model, name):
    """The name, when that method is on offer for the captioner.

    Raises:
        BadInput: it is not.
    """
    if name not in METHODS:
        raise BadInput(f"There is no such method: the methods are {', '.join(METHODS)}.")
    if name not in offered(model):
        raise BadInput(f"The checkpoint {model.name} has no attention to show: choose another method.")
    return name


def place(caption, value):
    """A place in the impression, counted from 0, as the browser sent it.

    Raises:
        BadInput: there is no such place.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < len(caption.words):
        raise BadInput("There is no such word in the impression.")
    return value


def places(caption, text):
    """The places in the impression that a visitor's text names: a word, a place counted from 0, or all for nothing.

    Raises:
        BadInput: there is no such word.
    """
    text = str(text if text is not None else "").strip().lower()
    if text in ("", "all"):
        return list(range(len(caption.words)))
    found = [number for number, word in enumerate(caption.words) if word.text.lower() == text]
    if not found and text.isdecimal() and len(text) < 4:
        found = [int(text)] if int(text) < len(caption.words) else []
    if not found:
        raise BadInput("There is no such word in the impression.")
    return found


def explanation(model, session, name, word=None, against=None, progress=None):
    """The Explanation of words of the session's caption, its maps at most 64 numbers along a side, kept in the session.

    Args:
        model: Captioner that wrote the caption.
        session: panels.explain.Session.
        name: in METHODS.
        word: a place in the impression; None for all of them.
        against: id of the token that the word is compared with; None for none.
        progress: as in explain.method.Method.explain.

    Raises:
        BadInput: the method is unknown, or not for this captioner.
        Stopped: `progress` returned True.
    """
    maps = session.maps
    key, whole = (name, word, against), maps.get((name, None, None))
    if key in maps:
        return maps[key]
    if whole is not None and against is None:
        return one(whole, word)
    made = method(check(model, name))
    if against is not None and not made.contrastive:
        raise BadInput(f"{made.title} cannot compare a word with another one.")
    found = coarse(
        made.explain(
            model, session.pictures, session.caption, None if word is None else [word],
            None if against is None else {word: against}, progress,
        )
    )  # fmt: skip
    maps[key] = found
    while len(maps) > KEPT:
        maps.pop(next(iter(maps)))
    return found


def one(explanation, word):
    """The part of an Explanation that is about the word at one place."""
    row = explanation.positions.index(word)
    details = {name: np.asarray(value)[row : row + 1] for name, value in explanation.details.items()}
    return replace(
        explanation, maps=explanation.maps[row : row + 1], positions=(word,),
        token_ids=explanation.token_ids[row : row + 1], alternatives=explanation.alternatives[row : row + 1],
        details=details,
    )  # fmt: skip


def sent(session, explanation):
    """Maps for the browser: dict of "rows", "columns", "extent", "signed", "grid", and "words", place -> map."""
    names = [view.name for view in shown_views(session.study, session.caption)]
    data = payload(session.caption, [explanation], names)["methods"][0]
    words = {str(place): values for place, values in enumerate(data["words"]) if values is not None}
    return {name: data[name] for name in ("rows", "columns", "extent", "signed", "grid")} | {"words": words}


def warm(model):
    """Explain an empty picture once with each quick method: building its graph takes a second, and nobody shall wait for it.

    The slow methods differentiate down to the pixels, which keeps half a gigabyte: who asks for one waits a little longer.
    """
    from captioner.preparation import prepare
    from captioner.study import Study, View
    from explain.evidence import strangers

    strangers(model.config["preparation"]["size"])
    black = View("frontal", np.zeros((8, 8), np.uint8))
    study = prepare(Study(black, None, ()), model.config["preparation"])
    for name in offered(model):
        if not method(name).slow:
            method(name).explain(model, study, [model.vocabulary.end], [0])


def build(shelf, view, session, stops):
    """Wire the viewer's wishes for maps.

    Args:
        shelf: panels.shelf.Shelf.
        view: the word viewer; it triggers `maps`, `slow_maps` and `stop`.
        session: gr.State of a panels.explain.Session.
        stops: panels.progress.Stops.
    """
    sink = gr.HTML(visible="hidden", html_template="", js_on_load=_PASS_ON, elem_id="maps")

    def maps(event: gr.EventData, session, request: gr.Request):
        asked = event._data

        def work(progress):
            if session is None or session.caption is None or asked.get("id") != session.token:
                raise BadInput("The page shows another impression by now.")
            word, against = asked.get("word"), asked.get("against")
            if word is not None:
                place(session.caption, word)
            if against is not None:
                others = {other.token_id for other in session.caption.words[word].alternatives} if word is not None else ()
                if against not in others:
                    raise BadInput("The word can be compared with one of its alternatives.")
            model = shelf.get(session.key[2])
            found = explanation(model, session, asked.get("method"), word, against, progress)
            return {"method": asked["method"], "against": against, **sent(session, found)}

        yield from answers(event, request, stops, KIND, work, id=asked.get("id"))

    def stop(event: gr.EventData, request: gr.Request):
        asked = event._data
        if asked.get("kind") in (KIND, "file"):
            stops.stop(request.session_hash, asked["kind"], number(asked))

    private = {"show_progress": "minimal", "api_visibility": "private"}
    view.maps(maps, session, sink, trigger_mode="multiple", **MODEL, **private)
    view.slow_maps(maps, session, sink, trigger_mode="multiple", **SLOW, **private)
    view.stop(stop, None, None, queue=False, trigger_mode="multiple", **private)
