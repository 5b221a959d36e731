"""A study, any pixels of which can be hidden, and its words' probabilities then: what every test by hiding asks for.

The encoder takes each view by itself, so a view that is untouched, or wholly hidden, goes through it once and not
again; the words of a caption are read off one run of the decoder.
"""

import numpy as np

from explain.baseline import baseline
from explain.target import target

BATCH = 16  # views at once


class Hiding:
    """One study and one sequence, a Question.

    Args:
        model: Captioner.
        question: explain.method.Question; its alternatives are not looked at.
        kind: what hidden pixels are replaced with, see `explain.baseline`.

    Attributes:
        question: as given.
        there: bool `(2, size, size)`, the pixels of the views that there are.
        ends: float32 `(2, 2, R, C, F)`, the features of the study as it is, and with all of it hidden.
    """

    def __init__(self, model, question, kind="blurred"):
        self.question, self._graphs = question, target(model)
        self._empty = baseline(question.pictures, kind, model.config["preparation"])
        self.there = np.broadcast_to(question.mask[:, None, None], question.pictures.shape[:3])
        self._empty[~question.mask] = question.pictures[~question.mask]
        self.ends = self._graphs.features(np.stack([question.pictures, self._empty])).numpy()

    def features(self, hidden):
        """Features `(n, 2, R, C, F)` with the pixels `hidden`, bool `(n, 2, size, size)`, replaced."""
        hidden = np.asarray(hidden) & self.there
        whole = (hidden == self.there).all(axis=(2, 3))  # (n, 2)
        found = self.ends[whole.astype(int), np.arange(2)]  # (n, 2, R, C, F), a copy
        parts = np.argwhere(hidden.any(axis=(2, 3)) & ~whole)  # (views to run, 2)
        for first in range(0, len(parts), BATCH):
            rows, views = parts[first : first + BATCH].T
            pictures = np.where(hidden[rows, views][..., None], self._empty[views], self.question.pictures[views])
            found[rows, views] = self._graphs.features(pictures[:, None]).numpy()[:, 0]
        return found

    def probabilities(self, features, words=None):
        """Probabilities of words of the question from features `(n, 2, R, C, F)`: float64 `(words, n)`.

        Args:
            words: numbers of words; all of them when None.
        """
        positions = self.question.positions if words is None else self.question.positions[list(words)]
        tokens = self.question.tokens[: int(positions.max()) + 1]
        against = np.full(len(tokens), -1, np.int32)
        found = [self._graphs.of_features(features[first : first + BATCH], self.question.mask, tokens, against).numpy()
                 for first in range(0, len(features), BATCH)]
        return np.exp(np.concatenate(found, axis=1)[positions].astype(np.float64))
