"""The panel with the lesson: steps with a question each, about the examples, true of the checkpoint that is there."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from captioner.language import text
from captioner.sentence import worded
from panels.lesson import steps as lesson_steps
from panels.lesson.context import LessonContext
from panels.server import modules
from panels.shell import deep_link, template
from panels.viewer.word_viewer import EMPTY, refusal

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar


class Lesson:
    """The lesson for every checkpoint on the pool; each step is worked out once, whoever asks, in whatever language.

    Args:
        pool: panels.server.model_pool.ModelPool.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """

    def __init__(self, pool: ModelPool, entries: Sequence[dict[str, Any]]) -> None:
        self.pool, self.entries = pool, entries
        self._context: LessonContext | None = None
        self._steps: dict[Any, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def step(self, number: Any, checkpoint: Any = None) -> dict[str, Any]:
        """One step, as `panels.lesson.steps.step`.

        Args:
            number: of the step; anything that is none gives the first.
            checkpoint: its name; the first on the pool when None.

        Raises:
            BadInput: there are no examples, or the checkpoint cannot be used.
        """
        if not self.entries:
            raise BadInput(text("The lesson needs the examples, and there are none in examples/."))
        number = deep_link.step(number, len(lesson_steps.STEPS)) or 1
        model = self.pool.get(checkpoint)
        key = checkpoint or self.pool.names[0], number
        with self._lock:
            if key not in self._steps:
                if self._context is None or self._context.model is not model:
                    self._context = LessonContext(model, self.entries)  # of one at a time: it holds on to the model
                self._steps[key] = lesson_steps.step(number, self._context)
            return self._steps[key]


def build(pool: ModelPool, side: Sidebar, entries: Sequence[dict[str, Any]]) -> None:
    """Lay out the panel and wire it.

    Args:
        pool: panels.server.model_pool.ModelPool.
        side: panels.shell.sidebar.Sidebar.
        entries: the examples.
    """
    lesson = Lesson(pool, entries)
    view = gr.HTML(
        value=EMPTY,
        html_template=template.render("lesson/lesson.html"),
        js_on_load=modules.start("lesson/lesson.js", ["wanted"], TITLES=worded(lesson_steps.TITLES)),
        apply_default_css=False,
        elem_id="lesson",
    )

    def show(event: gr.EventData, checkpoint: Any) -> dict[str, Any]:
        wish = event._data.get("number")
        try:
            told = lesson.step(event._data.get("step"), checkpoint)
            return {"state": "step", "checkpoint": checkpoint, "wish": wish, **told}
        except BadInput as error:
            return {**refusal(str(error)), "wish": wish}

    view.wanted(
        show,
        side.checkpoint,
        view,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
        concurrency_id="lesson",
        concurrency_limit=4,
    )
