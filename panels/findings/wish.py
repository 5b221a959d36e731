"""A wish of the findings about the answer on show: asked by an event of the viewer, and told to a sink."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from panels.server import modules
from panels.server.jobs import MODEL, number
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from panels.viewer.session import CaptionedSession, Session


def answered(
    session: Session | None, asked: Any, gone: str, work: Callable[[CaptionedSession, dict[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """The answer to a wish, for the browser.

    Args:
        session: of the visitor.
        asked: from the browser: "number" of the wish, "id" of the answer that it is about, and what `work` reads.
        gone: the sentence where there is no impression, or where the page shows another answer by now.
        work: session, asked -> what is told; it may raise BadInput.

    Returns:
        dict: "number", "id", and what `work` returned or "message", one sentence on why not.
    """
    asked = asked if isinstance(asked, dict) else {}
    head: dict[str, Any] = {"number": number(asked), "id": asked.get("id")}
    try:
        if not captioned(session) or asked.get("id") != session.token:
            raise BadInput(gone)
        return {**head, **work(session, asked)}
    except BadInput as error:
        return {**head, "message": str(error)}


def wire(listener: Callable[..., Any], session: gr.State, script: str, ask: Callable[[Any, Any], dict]) -> None:
    """Have a wish of the viewer answered.

    Args:
        listener: the viewer's event, as `view.steer`.
        session: gr.State of a panels.viewer.session.Session.
        script: the module that passes the answer on, see `panels.server.modules.start`.
        ask: session, what the browser asked -> the answer.
    """
    sink = gr.HTML(visible="hidden", html_template="", js_on_load=modules.start(script))

    def heard(event: gr.EventData, session: Any) -> dict[str, Any]:
        return ask(session, event._data)

    listener(
        heard,
        session,
        sink,
        show_progress="hidden",
        trigger_mode="always_last",
        api_visibility="private",
        **MODEL,
    )
