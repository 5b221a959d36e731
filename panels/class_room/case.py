"""What a class is shown of an example: its pictures without its name, and after the reveal truth and model.

The model is asked once for each example, however many look, and answers as it does in the quiz.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from captioner.numbers import SHOWN_DECIMALS, plain_map
from explain import quiz, truth
from panels.quiz import film

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool


class Cases:
    """The examples as cases of a class, each worked out once.

    Args:
        pool: panels.server.model_pool.ModelPool; its first checkpoint answers.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """

    def __init__(self, pool: ModelPool, entries: Sequence[Mapping]) -> None:
        self._pool = pool
        self.entries = {entry["name"]: entry for entry in entries}
        self._read: dict[str, quiz.Case] = {}
        self._views: dict[str, list[dict[str, Any]]] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()

    def case(self, name: str) -> quiz.Case:
        """The example, read."""
        with self._lock:
            if name not in self._read:
                self._read[name] = quiz.case_of_example(self.entries[name])
            return self._read[name]

    def views(self, name: str) -> list[dict[str, Any]]:
        """The pictures, as panels/quiz/marking_film.js takes them; nothing in them names what was planted."""
        with self._lock:
            if name not in self._views:
                self._views[name] = film.views(self.case(name).study)
            return self._views[name]

    def truth(self, name: str) -> dict[str, Any]:
        """What was planted: `{"title", "text", "planted"}`, the last with its outlines."""
        case = self.case(name)
        return {"title": case.title, "text": case.reference, "planted": case.planted}

    def model(self, name: str) -> dict[str, Any] | None:
        """What the model made of it, where `ask_model` was called before: `{"text", "verdict", "maps", "extent",
        "about"}`; the maps are null where there are none, and `about` says of what they are."""
        with self._lock:
            return self._answers.get(name)

    def ask_model(self, name: str) -> None:
        """Caption the example, unless that was done.

        Raises:
            BadInput: the checkpoint cannot be used.
        """
        if self.model(name) is not None:
            return
        case = self.case(name)
        answer = quiz.answer_of_model(self._pool.get(), case)
        told = {
            "text": answer.impression,
            "verdict": truth.verdict(case.reference, answer.impression),
            "maps": None if answer.maps is None else plain_map(answer.maps, SHOWN_DECIMALS),
            "extent": list(answer.extent),
            "about": answer.about,
        }
        with self._lock:
            self._answers[name] = told
