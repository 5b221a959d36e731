"""The panel with the quiz: mark the place, name the finding, and see model and truth beside the own answer.

Nothing of a student is kept on the server: what a browser has answered, and how often it was right, is in that browser.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.language import text
from captioner.reports.findings import FINDINGS, SIDED, SIDES
from explain import quiz, quiz_judgement
from panels.quiz import film, request
from panels.server import modules
from panels.server.jobs import MODEL
from panels.shell import deep_link, template
from panels.viewer.word_viewer import EMPTY, colour_tables, refusal

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar

ANSWERS = 256  # answers of checkpoints to cases of the page that are kept, the last: some 10 KB each


class Quiz:
    """The cases of the page before every checkpoint of the pool; what a checkpoint says of each is worked out once.

    Args:
        pool: panels.server.model_pool.ModelPool.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """

    def __init__(self, pool: ModelPool, entries: Sequence[dict[str, Any]]) -> None:
        self.pool = pool
        self.entries = {deep_link.case_code(entry["name"]): entry for entry in entries}
        self._answers: OrderedDict[tuple[str | None, str], quiz.ModelAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def case(self, asked: dict[str, Any], frontal: Any, lateral: Any) -> quiz.Case:
        """The case that a browser asks about.

        Args:
            asked: its `code`, or for a study of the visitor's own None and the `reference`.
            frontal, lateral: the visitor's own two files.

        Raises:
            BadInput: there is no such case, or the visitor's own cannot be used.
        """
        code = asked.get("code")
        if code is None:
            return quiz.case_of_own(frontal, lateral, request.typed_text(asked.get("reference")))
        entry = self.entries.get(code) if isinstance(code, str) else None
        if entry is None:
            raise BadInput(text("There is no case of that name."))
        return quiz.case_of_example(entry)

    def judged(self, asked: dict[str, Any], frontal: Any, lateral: Any, checkpoint: str | None) -> dict[str, Any]:
        """A student's answer beside the model's and the truth, as plain data of `explain.quiz_judgement.as_dict`.

        Raises:
            BadInput: as `case`, the answer cannot be used, or the checkpoint cannot.
        """
        answer = request.answer(asked)
        case = self.case(asked, frontal, lateral)
        model = self._model(asked.get("code"), case, checkpoint)
        return quiz_judgement.as_dict(case, model, quiz_judgement.judge(case, answer, model))

    def _model(self, code: Any, case: quiz.Case, checkpoint: str | None) -> quiz.ModelAnswer:
        if code is None:
            return quiz.answer_of_model(self.pool.get(checkpoint), case)
        key = checkpoint or next(iter(self.pool.names), None), code
        with self._lock:
            if key not in self._answers:
                self._answers[key] = quiz.answer_of_model(self.pool.get(checkpoint), case)
                while len(self._answers) > ANSWERS:
                    self._answers.popitem(last=False)
            self._answers.move_to_end(key)
            return self._answers[key]


def build(pool: ModelPool, side: Sidebar, entries: Sequence[dict[str, Any]]) -> None:
    """Lay out the panel and wire it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        side: panels.shell.sidebar.Sidebar, whose uploads are a visitor's own study.
        entries: the examples.
    """
    asking = Quiz(pool, entries)
    constants = {
        "CASES": [
            {"code": code, "name": entry["name"], "title": text(entry["title"])}
            for code, entry in asking.entries.items()
        ],
        "MOST": deep_link.MOST_CASES,
        "FINDINGS": list(FINDINGS),
        "SIDED": list(SIDED),
        "SIDES": list(SIDES),
        "COLOURS": colour_tables(),
    }
    view = gr.HTML(
        value=EMPTY,
        html_template=template.render("quiz/quiz.html"),
        js_on_load=modules.start("quiz/quiz.js", ["shown", "answered"], **constants),
        apply_default_css=False,
        elem_id="quiz",
    )

    def answering(work: Any) -> Any:
        def told(event: gr.EventData, *values: Any) -> dict[str, Any]:
            asked = event._data if isinstance(event._data, dict) else {}
            head = {"wish": asked.get("wish")}  # sets an answer apart from an equal one before
            try:
                return {**head, **work(asked, *values)}
            except BadInput as error:
                return {**head, **refusal(str(error))}

        return told

    def show(asked: dict[str, Any], *own: Any) -> dict[str, Any]:
        return {"state": "case", "views": film.views(asking.case(asked, *own).study)}

    def judge(asked: dict[str, Any], *values: Any) -> dict[str, Any]:
        return {"state": "judged", **asking.judged(asked, *values)}

    settings = {"trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    view.shown(answering(show), side.uploads, view, **settings, concurrency_id="quiz", concurrency_limit=2)
    view.answered(answering(judge), [*side.uploads, side.checkpoint], view, **settings, **MODEL)
