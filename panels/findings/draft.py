"""A draft of the visitor's own on trial before the finding head: what is supported, what is not, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner import BadInput
from captioner.language import text
from captioner.seen_and_written import on_trial
from captioner.serving.answer import trial_dicts
from panels.findings.panel import WITHOUT
from panels.findings.wish import answered, wire

if TYPE_CHECKING:
    import gradio as gr

    from panels.server.model_pool import ModelPool
    from panels.viewer.session import CaptionedSession, Session

SHOWN = ("finding", "title", "verdict", "sentence")  # the maps are those of the findings, which the page has


def trial(pool: ModelPool, session: Session | None, asked: Any) -> dict[str, Any]:
    """A draft on trial, for the browser.

    Args:
        pool: panels.server.model_pool.ModelPool.
        session: of the visitor.
        asked: from the browser: "number" of the wish, "id" of the answer that it is about, "draft".

    Returns:
        dict: "number", "id", and "trials", of each the SHOWN of `captioner.serving.answer.trial_dicts`; or "message",
        one sentence on why not.
    """

    def work(session: CaptionedSession, asked: dict[str, Any]) -> dict[str, Any]:
        model, draft = pool.get(session.key.checkpoint), asked.get("draft")
        if not model.has_findings:
            raise BadInput(text(WITHOUT))
        trials = trial_dicts(on_trial(model.findings(session.features), draft if isinstance(draft, str) else ""))
        return {"trials": [{name: each[name] for name in SHOWN} for each in trials]}

    return answered(session, asked, text("This study is no longer on the page: ask again."), work)


def build(pool: ModelPool, view: gr.HTML, session: gr.State) -> None:
    """Wire the viewer's wish `trial` (draft.js).

    Args:
        pool: panels.server.model_pool.ModelPool.
        view: the word viewer.
        session: gr.State of a panels.viewer.session.Session.
    """
    wire(view.trial, session, "findings/pass_on_trial.js", lambda session, asked: trial(pool, session, asked))
