"""Integrated gradients: each pixel's share of what the pictures add to the word's log probability over empty ones.

Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (2017), arXiv 1703.01365, eq. 1 and 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.sentence import Sentence
from explain.methods.base import Method
from explain.methods.empty_picture import empty_pictures
from explain.methods.graphs import graphs_of, word_groups

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.question import Question


class IntegratedGradients(Method):
    """The gradients along the straight line from the empty pictures, its baseline, to the pictures, times the way.

    The shares of all pixels of both views add up to the number of the pictures less that of the empty ones:
    completeness. The sum over finitely many steps misses that by a gap, which `details` reports beside both numbers: a
    large gap says that the steps were too few for the map to be trusted.

    Args:
        steps: points on the line, at the middles of as many equal pieces of it.
        kind: see `explain.methods.empty_picture`. The default is the blurred picture: with a black one no dark pixel
            could ever count, and in a chest X-ray the dark pixels are the lungs.
        batch: points that run through the network at once.
    """

    name, title = "integrated-gradients", Sentence("Integrated gradients")
    signed = slow = True

    def __init__(self, steps: int = 32, kind: str = "blurred", batch: int = 2) -> None:
        self.steps, self.kind, self.batch = steps, kind, batch

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        graphs, pictures = graphs_of(model), question.pictures
        start = empty_pictures(pictures, self.kind, model.config["preparation"])
        start[~question.mask] = pictures[~question.mask]
        shares = ((np.arange(self.steps) + 0.5) / self.steps).astype(np.float32)  # (steps,)
        words, done = len(question.asked), 0
        total = np.zeros((words, *pictures.shape), np.float64)  # (W, 2, size, size, channels)
        for first in range(0, self.steps, self.batch):
            share = shares[first : first + self.batch, None, None, None, None]
            points = start + share * (pictures - start)  # (n, 2, size, size, channels)
            for some in word_groups(words):
                _, gradients = question.asked.only(some).pixels_gradient(graphs, points, question.mask)
                total[some] += gradients.numpy().sum(axis=1)
                done += len(share) * (some.stop - some.start)
                report(done, self.steps * words)
        maps = ((pictures - start) * total / self.steps).sum(axis=-1)  # (W, 2, size, size)
        features = graphs.features(np.stack([start, pictures]))
        ends = question.asked.values(graphs, features, question.mask)  # (W, 2)
        before, after = ends.T
        return maps, {"target": after, "baseline": before, "gap": maps.sum(axis=(1, 2, 3)) - (after - before)}
