"""A study, any pixels of which can be hidden, and what is likely then: what every test by hiding asks for.

The encoder takes each view by itself, so a view that is untouched, or wholly hidden, goes through it once and not
again; the words of a caption are read off one run of the decoder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from explain.methods.empty_picture import empty_pictures
from explain.methods.graphs import Graphs, graphs_of

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.question import Question

BATCH = 9  # views, or studies of the decoder, at once; the page's curves have 9 points between their ends


class Hiding:
    """One study and what is asked of it, words or findings.

    It asks the model that it was made of. Where it is kept, and the model need not be, it is used within `asking`.

    Args:
        model: Captioner.
        question: explain.methods.base.Question; its alternatives are not looked at.
        kind: what hidden pixels are replaced with, see `explain.methods.empty_picture`.

    Attributes:
        question: as given.
        grid: rows and columns of the model's cells.
        there: bool `(2, size, size)`, the pixels of the views that there are.
        ends: float32 `(2, 2, R, C, D)`, what the network reads (`explain.methods.graphs.Graphs.projected`) of the study
            as it is, and with all of it hidden.
    """

    def __init__(self, model: Captioner, question: Question, kind: str = "blurred") -> None:
        self.question, self.grid = question, model.grid
        self._asked: Graphs | None = graphs_of(model)
        self._empty = empty_pictures(question.pictures, kind, model.config["preparation"])
        self.there = np.broadcast_to(question.mask[:, None, None], question.pictures.shape[:3])
        self._empty[~question.mask] = question.pictures[~question.mask]
        self.ends = self._graphs.projected(np.stack([question.pictures, self._empty])).numpy()

    @property
    def _graphs(self) -> Graphs:
        if self._asked is None:
            raise RuntimeError("no model is asked: use it within `asking`")
        return self._asked

    @contextmanager
    def asking(self, model: Captioner) -> Iterator[None]:
        """Within, `model` is asked; afterwards none is, so that what is known of a study holds no checkpoint in memory.

        Args:
            model: Captioner of the same weights as the one that this was made of.
        """
        self._asked = graphs_of(model)
        try:
            yield
        finally:
            self._asked = None

    def projected(self, hidden: np.ndarray) -> np.ndarray:
        """What the network reads with the pixels `hidden`, bool `(n, 2, size, size)`, replaced: `(n, 2, R, C, D)`."""
        hidden = np.asarray(hidden) & self.there
        whole = (hidden == self.there).all(axis=(2, 3))  # (n, 2)
        found = self.ends[whole.astype(int), np.arange(2)]  # (n, 2, R, C, D), a copy
        parts = np.argwhere(hidden.any(axis=(2, 3)) & ~whole)  # (views to run, 2)
        for first in range(0, len(parts), BATCH):
            rows, views = parts[first : first + BATCH].T
            pictures = np.where(hidden[rows, views][..., None], self._empty[views], self.question.pictures[views])
            found[rows, views] = self._graphs.projected(pictures[:, None]).numpy()[:, 0]
        return found

    @cached_property
    def at_ends(self) -> np.ndarray:
        """Probabilities of the question's words or findings with the study as it is, and with all of it hidden: float64
        `(words, 2)`."""
        return self.probabilities(self.ends)

    def probabilities(self, projected: Any, words: Sequence[int] | None = None) -> np.ndarray:
        """Probabilities of the question's words or findings, from what `projected` gives: float64 `(words, n)`.

        Args:
            words: numbers of some of them; all when None.
        """
        asked = self.question.asked if words is None else self.question.asked.only(list(words))
        found = [
            asked.probabilities(self._graphs, projected[first : first + BATCH], self.question.mask)
            for first in range(0, len(projected), BATCH)
        ]
        return np.concatenate(found, axis=1) if found else np.zeros((len(asked), 0))
