"""The panel that sets greedy and beam search side by side: both impressions aligned, and the beam as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner.decoding.comparison import align, compare_searches, log_prob_per_word
from captioner.language import text
from panels.compare.beam import render
from panels.viewer import word_viewer
from panels.viewer.panel import MODEL
from panels.viewer.session import captioned

if TYPE_CHECKING:
    from captioner.decoding.comparison import Comparison
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar
    from panels.viewer.panel import Panel
    from panels.viewer.session import CaptionedSession


def payload(session: CaptionedSession, compared: Comparison) -> dict[str, Any]:
    """What the viewer shows: the words of both, greedy's first, and the columns that align them.

    Args:
        session: panels.viewer.session.Session of the study.
        compared: captioner.decoding.comparison.Comparison.
    """
    checkpoint = session.key.checkpoint
    first, second = (
        word_viewer.payload(session.study, caption, session.extent, checkpoint, session.sizes)
        for caption in (compared.greedy, compared.beam)
    )
    places = align(*([word["text"] for word in answer["words"]] for answer in (first, second)))
    offset = len(first["words"])
    rows = [
        {
            "name": name,
            "search": answer["search"],
            "log_prob": answer["log_prob"],
            "cut_off": answer["cut_off"],
            "per_word": log_prob_per_word(caption.hypotheses[0]),
        }
        for name, answer, caption in ((text("Greedy"), first, compared.greedy), (text("Beam"), second, compared.beam))
    ]
    words = [{**word, "from": row["search"]} for row, answer in zip(rows, (first, second)) for word in answer["words"]]
    columns = [(left, None if right is None else right + offset, same) for left, right, same in places]
    notices = list(dict.fromkeys([*first["notices"], *second["notices"]]))
    return {**first, "words": words, "rows": rows, "columns": columns, "notices": notices}


def build(pool: ModelPool, side: Sidebar, panel: Panel, tab: gr.Tab) -> None:
    """Lay out the panel and wire it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        side: panels.shell.sidebar.Sidebar.
        panel: panels.viewer.panel.Panel, whose session holds the study.
        tab: the gr.Tab that this panel is in.
    """
    view = word_viewer.build("compare", "compare/compare.js", ["wanted"])
    beam = gr.HTML(apply_default_css=False, js_on_load=None, elem_id="beam")

    def show(session: Any, width: float, length_penalty: float) -> tuple[Any, str]:
        if not captioned(session):
            return word_viewer.EMPTY, ""
        model = pool.get(session.key.checkpoint)
        compared = compare_searches(model, session.features, int(width), length_penalty)
        return payload(session, compared), render(compared.beam, compared.tree, model.vocabulary)

    inputs, outputs = [panel.session, side.width, side.length_penalty], [view, beam]
    # `wanted`: there is a new caption, and this panel is the one that is open (compare.js).
    for asked in (tab.select, view.wanted):
        asked(
            show,
            inputs,
            outputs,
            trigger_mode="always_last",
            show_progress="minimal",
            api_visibility="private",
            **MODEL,
        )
