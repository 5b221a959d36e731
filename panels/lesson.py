"""The panel with the lesson: steps with a question each, about the examples, true of the checkpoint that is there."""

import json
import threading
from pathlib import Path

import gradio as gr

from captioner import BadInput
from panels import lesson_steps, link
from panels.lesson_room import Room
from panels.viewer import EMPTY, refusal

_HERE = Path(__file__).parent


class Lesson:
    """The lesson for every checkpoint on the shelf; each step is worked out once, whoever asks.

    Args:
        shelf: panels.shelf.Shelf.
        entries: the examples, as panels.examples.read gives them.
    """

    def __init__(self, shelf, entries):
        self.shelf, self.entries = shelf, entries
        self._rooms, self._steps = {}, {}
        self._lock = threading.Lock()

    def step(self, number, checkpoint=None):
        """One step, as `panels.lesson_steps.step`.

        Args:
            number: of the step; anything that is none gives the first.
            checkpoint: its name; the first on the shelf when None.

        Raises:
            BadInput: there are no examples, or the checkpoint cannot be used.
        """
        if not self.entries:
            raise BadInput("The lesson needs the examples, and there are none in examples/.")
        number = link.step(number, len(lesson_steps.STEPS)) or 1
        model = self.shelf.get(checkpoint)
        key = checkpoint or self.shelf.names[0], number
        with self._lock:
            if key not in self._steps:
                room = self._rooms.setdefault(key[0], Room(model, self.entries))
                self._steps[key] = lesson_steps.step(number, room)
            return self._steps[key]


def build(shelf, side, entries):
    """Lay out the panel and wire it.

    Args:
        shelf: panels.shelf.Shelf.
        side: panels.side.Side.
        entries: the examples.
    """
    lesson = Lesson(shelf, entries)
    view = gr.HTML(
        value=EMPTY,
        html_template=(_HERE / "lesson.html").read_text(encoding="utf-8"),
        js_on_load=f"const TITLES = {json.dumps(lesson_steps.TITLES)};\n"
        + (_HERE / "lesson.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="lesson",
    )

    def show(event: gr.EventData, checkpoint):
        try:
            return {"state": "step", "checkpoint": checkpoint, **lesson.step(event._data.get("step"), checkpoint)}
        except BadInput as error:
            return refusal(str(error))

    view.wanted(
        show, side.checkpoint, view, trigger_mode="always_last", show_progress="hidden", api_visibility="private",
        concurrency_id="lesson", concurrency_limit=4,
    )  # fmt: skip
