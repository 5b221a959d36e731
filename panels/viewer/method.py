"""Maps by any method of explanation, for the words of the impression that a visitor has on the page.

The browser asks for all words of a quick method or for one word of a slow one (method.js), and is sent the maps in the
form of the report (explain/report/data.py). They reach the viewer through a component that nobody sees, so that the
answer which the viewer holds, its chosen word and its zoom stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from captioner import BadInput
from captioner.images.orientation import orientation
from captioner.reports.findings import FINDINGS
from captioner.sentence import Sentence
from explain.methods.base import METHODS, method
from explain.methods.question import Findings
from explain.methods.sources import SOURCES
from explain.report.data import coarse, layer, map_entry, payload
from explain.report.parts import shown_views
from panels.server import modules
from panels.server.jobs import MODEL, SLOW, WAITS, answers, number
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from explain.methods.base import Explanation
    from panels.server.jobs import Stops
    from panels.server.model_pool import ModelPool
    from panels.viewer.session import CaptionedSession

KIND = "maps"
KEPT, KEPT_BYTES = 40, 4 << 20  # explanations that a session keeps, and what their maps may take: the newest


def catalogue() -> list[dict[str, Any]]:
    """The methods for the browser, in the registry's order."""
    made = {name: method(name) for name in METHODS}
    return [
        {
            "name": name,
            "title": one.title,
            "slow": one.slow,
            "contrastive": one.contrastive,
            "signed": one.signed,
            "meaning": SOURCES[name].meaning,
            "waits": WAITS.said(name),
        }
        for name, one in made.items()
    ]


def offered(model: Captioner) -> list[str]:
    """The names of the methods that work with this captioner."""
    return [name for name in METHODS if name != "attention" or model.has_attention]


def check(model: Captioner, name: Any, findings: bool = False) -> str:
    """The name, when that method is on offer for the captioner's words, or for its findings.

    Raises:
        BadInput: it is not.
    """
    if name not in METHODS:
        raise BadInput(Sentence("There is no such method: the methods are {names}.", names=", ".join(METHODS)))
    if not findings and name not in offered(model):
        raise BadInput(
            Sentence("The checkpoint {name} has no attention to show: choose another method.", name=model.name)
        )
    return name


def place(caption: Caption, value: Any) -> int:
    """A place in the impression, counted from 0, as the browser sent it.

    Raises:
        BadInput: there is no such place.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < len(caption.words):
        raise BadInput(Sentence("There is no such word in the impression."))
    return value


def places(caption: Caption, text: str) -> list[int]:
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
        raise BadInput(Sentence("There is no such word in the impression."))
    return found


def wanted_findings(model: Captioner, text: str) -> Findings | None:
    """The findings that a visitor's text names, one or "all"; None for nothing.

    Raises:
        BadInput: there is no such finding, or the checkpoint has no finding head.
    """
    name = text.strip().lower()
    if not name:
        return None
    if not model.has_findings:
        raise BadInput(
            Sentence("The checkpoint {name} has no finding head: it writes impressions alone.", name=model.name)
        )
    by_name = {one.lower(): one for one in FINDINGS}
    if name != "all" and name not in by_name:
        raise BadInput(Sentence("There is no such finding: the findings are {names}.", names=", ".join(FINDINGS)))
    return Findings() if name == "all" else Findings((by_name[name],))


def explanation(
    model: Captioner,
    session: CaptionedSession,
    name: str,
    word: int | None = None,
    against: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Explanation:
    """The Explanation of words of the session's caption, its maps at most 64 numbers along a side, kept in the session.

    Args:
        model: Captioner that wrote the caption.
        session: panels.viewer.session.Session.
        name: in METHODS.
        word: a place in the impression; None for all of them.
        against: id of the token that the word is compared with; None for none.
        progress: as in explain.methods.base.Method.explain.

    Raises:
        BadInput: the method is unknown, or not for this captioner.
        Stopped: `progress` returned True.
    """
    maps = session.maps
    key, whole = (name, word, against), maps.get((name, None, None))
    if key in maps:
        return maps[key]
    if whole is not None and against is None:
        return whole.of_word(word)
    made = method(check(model, name))
    if against is not None and not made.contrastive:
        raise BadInput(Sentence("{method} cannot compare a word with another one.", method=made.title))
    found = coarse(
        made.explain(
            model,
            session.pictures,
            session.caption,
            None if word is None else [word],
            None if against is None or word is None else {word: against},
            progress,
        )
    )
    keep(maps, key, found)
    return found


def explanation_of_findings(
    model: Captioner,
    session: CaptionedSession,
    name: str,
    text: str,
    progress: Callable[[int, int], object] | None = None,
) -> Explanation:
    """The Explanation of findings of the session's study, as `explanation` does it for words.

    Args:
        model, session, name, progress: as in `explanation`.
        text: as of `wanted_findings`.

    Raises:
        BadInput: the method or the finding is unknown, or the checkpoint has no finding head.
        Stopped: `progress` returned True.
    """
    wanted = wanted_findings(model, text)
    if wanted is None:
        raise BadInput(Sentence("Name a finding."))
    key, made = (name, wanted.names), method(check(model, name, findings=True))
    if key not in session.maps:
        keep(session.maps, key, coarse(made.explain(model, session.pictures, wanted, progress=progress)))
    return session.maps[key]


def keep(maps: dict[Any, Explanation], key: Any, found: Explanation) -> None:
    """Add an Explanation to those that a session keeps, and drop the oldest that are too many or too large together."""
    maps[key] = found
    while len(maps) > KEPT or (len(maps) > 1 and sum(each.maps.nbytes for each in list(maps.values())) > KEPT_BYTES):
        maps.pop(next(iter(maps)))


_DRAWN = ("rows", "columns", "extent", "signed", "grid")


def sent(session: CaptionedSession, explanation: Explanation) -> dict[str, Any]:
    """Maps for the browser.

    Returns:
        dict of "rows", "columns", "extent", "signed", "grid", "words" (place -> map) and "findings" (name -> map).
    """
    views = shown_views(session.study, session.caption)
    if explanation.findings:
        names, lie = [view.name for view in views], [orientation(view.pixels, view.name) for view in views]
        maps = {name: map_entry(explanation, row, names, lie) for row, name in enumerate(explanation.findings)}
        return {name: layer(explanation)[name] for name in _DRAWN} | {"words": {}, "findings": maps}
    data = payload(session.caption, [explanation], views)["methods"][0]
    words = {str(place): values for place, values in enumerate(data["words"]) if values is not None}
    return {name: data[name] for name in _DRAWN} | {"words": words, "findings": {}}


def warm(model: Captioner) -> None:
    """Explain an empty picture once with each quick method, and ask what a trial asks: building a graph takes a second,
    nobody should wait.

    The slow methods differentiate down to the pixels, which keeps half a gigabyte: who asks for one waits a little
    longer.
    """
    from captioner.images.preprocessing import prepare
    from captioner.images.study import Study, View
    from explain.methods.question import ask
    from explain.metrics.picture_share import picture_shares

    black = View("frontal", np.zeros((8, 8), np.uint8))
    study = prepare(Study(black, None, ()), model.config["preparation"])
    end = [model.vocabulary.end]
    picture_shares(model, ask(model, study, end, [0]))
    for name in offered(model):
        if not method(name).slow:
            method(name).explain(model, study, end, [0])


def build(pool: ModelPool, view: gr.HTML, session: gr.State, stops: Stops) -> None:
    """Wire the viewer's wishes for maps.

    Args:
        pool: panels.server.model_pool.ModelPool.
        view: the word viewer; it triggers `maps`, `slow_maps` and `stop`.
        session: gr.State of a panels.viewer.session.Session.
        stops: panels.server.jobs.Stops.
    """
    sink = gr.HTML(
        visible="hidden", html_template="", js_on_load=modules.start("viewer/pass_on_maps.js"), elem_id="maps"
    )

    def maps(event: gr.EventData, session: Any, request: gr.Request) -> Iterator[Any]:
        yield from told(event, session, request, MODEL)

    def slow_maps(event: gr.EventData, session: Any, request: gr.Request) -> Iterator[Any]:
        yield from told(event, session, request, SLOW)

    def told(event: gr.EventData, session: Any, request: gr.Request, limits: dict[str, Any]) -> Iterator[Any]:
        asked = event._data

        def work(progress: Callable[[int, int], object]) -> dict[str, Any]:
            if not captioned(session) or asked.get("id") != session.token:
                raise BadInput(Sentence("The page shows another impression by now."))
            word, against, finding = asked.get("word"), asked.get("against"), asked.get("finding")
            if finding is not None:
                model, text = pool.get(session.key.checkpoint), finding if isinstance(finding, str) else ""
                of_findings = explanation_of_findings(model, session, asked.get("method"), text, progress)
                return {"method": asked["method"], "against": None, **sent(session, of_findings)}
            if word is not None:
                place(session.caption, word)
            if against is not None:
                others = (
                    {other.token_id for other in session.caption.words[word].alternatives} if word is not None else ()
                )
                if against not in others:
                    raise BadInput(Sentence("The word can be compared with one of its alternatives."))
            model = pool.get(session.key.checkpoint)
            found = explanation(model, session, asked.get("method"), word, against, progress)
            return {"method": asked["method"], "against": against, **sent(session, found)}

        return answers(event, request, stops, KIND, work, place=limits, id=asked.get("id"), method=asked.get("method"))

    def stop(event: gr.EventData, request: gr.Request) -> None:
        asked = event._data
        if asked.get("kind") in (KIND, "file"):
            stops.stop(request.session_hash, asked["kind"], number(asked))

    private: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private"}
    view.maps(maps, session, sink, trigger_mode="multiple", **MODEL, **private)
    view.slow_maps(slow_maps, session, sink, trigger_mode="multiple", **SLOW, **private)
    view.stop(stop, None, None, queue=False, trigger_mode="multiple", **private)
