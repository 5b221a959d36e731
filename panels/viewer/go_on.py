"""Go on from here: an alternative word is taken, and the model writes on from it, with the search of the impression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.language import text
from panels.server import modules
from panels.server.jobs import MODEL, number
from panels.viewer import word_viewer
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from panels.server.model_pool import ModelPool
    from panels.viewer.session import CaptionedSession

LONGEST = 200  # tokens of a beginning; more has no impression


def beginning(asked: Any) -> list[int]:
    """The tokens that the browser asks to go on from.

    Raises:
        BadInput: they are no list of whole numbers, none at all, or too many.
    """
    sound = isinstance(asked, list) and 0 < len(asked) <= LONGEST
    if not sound or not all(isinstance(token, int) and not isinstance(token, bool) for token in asked):
        raise BadInput(text("The words to go on from must be a list of their numbers in the vocabulary."))
    return asked


def payload(model: Captioner, session: CaptionedSession, prefix: list[int]) -> dict[str, Any]:
    """The impression that goes on from a beginning, for the browser.

    Returns:
        dict of "words" as of `panels.viewer.word_viewer.payload`, "given" (how many of them were given), "log_prob",
        "before" (log probability of the impression on the page), "search" and "cut_off".
    """
    search = session.search
    caption = model.caption(
        session.features,
        decoding=search.decoding,
        beam_width=search.width,
        length_penalty=search.length_penalty,
        prefix=prefix,
    )
    told = word_viewer.payload(session.study, caption, session.extent, session.key.checkpoint, session.sizes)
    return {
        "words": told["words"],
        "given": caption.given,
        "log_prob": told["log_prob"],
        "before": round(session.caption.log_prob, 5),
        "search": told["search"],
        "cut_off": told["cut_off"],
    }


def build(pool: ModelPool, view: gr.HTML, session: gr.State) -> None:
    """Wire the viewer's wish `go_on` (go_on.js).

    Args:
        pool: panels.server.model_pool.ModelPool.
        view: the word viewer.
        session: gr.State of a panels.viewer.session.Session.
    """
    script = modules.start("viewer/pass_on_words.js")
    sink = gr.HTML(visible="hidden", html_template="", js_on_load=script, elem_id="gone-on")

    def write_on(event: gr.EventData, session: Any) -> dict[str, Any]:
        asked = event._data
        answer = {"number": number(asked), "id": asked.get("id")}
        try:
            if not captioned(session) or asked.get("id") != session.token:
                raise BadInput(text("The page shows another impression by now."))
            model = pool.get(session.key.checkpoint)
            return {**answer, "state": "done", **payload(model, session, beginning(asked.get("prefix")))}
        except BadInput as error:
            return {**answer, **word_viewer.refusal(str(error))}

    view.go_on(
        write_on,
        session,
        sink,
        trigger_mode="multiple",
        show_progress="minimal",
        api_visibility="private",
        **MODEL,
    )
