"""Occlusion: how far the word's log probability falls when a patch of the picture is covered.

Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), arXiv 1311.2901, section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.sentence import Sentence
from explain.methods.base import Method
from explain.methods.empty_picture import empty_pictures
from explain.methods.graphs import graphs_of

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.question import Question


class Occlusion(Method):
    """A patch slides over one view at a time; a pixel's value is the mean fall over the patches that covered it.

    All words share the covered pictures, so a whole impression costs as much as one word.

    Args:
        patch: side of the patch, as a share of the picture's side.
        stride: step of the patch, as a share of the patch's side.
        kind: what it is filled with, see `explain.methods.empty_picture`: the view's mean grey leaves an edge that the
            network may see, its blurred self does not, and is the default.
        batch: covered pictures that run through the network at once.
    """

    name, title = "occlusion", Sentence("Occlusion of patches")
    signed = slow = True

    def __init__(self, patch: float = 0.2, stride: float = 0.5, kind: str = "blurred", batch: int = 4) -> None:
        self.patch, self.stride, self.kind, self.batch = patch, stride, kind, batch

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        graphs, pictures = graphs_of(model), question.pictures
        size = pictures.shape[1]
        side = min(max(round(self.patch * size), 1), size)
        covers = windows((size, size), side, max(round(self.stride * side), 1))  # (K, 4)
        fill = empty_pictures(pictures, self.kind, model.config["preparation"])
        whole = graphs.features(pictures[None]).numpy()  # (1, 2, R, C, F)
        before = question.asked.values(graphs, whole, question.mask)  # (W, 1)
        views = np.flatnonzero(question.mask)
        maps = np.zeros((len(question.asked), *pictures.shape[:3]), np.float32)  # (W, 2, size, size)
        done, of = 0, len(views) * len(covers)
        for view in views:
            falls = []
            for first in range(0, len(covers), self.batch):
                some = covers[first : first + self.batch]
                covered = np.repeat(pictures[view][None], len(some), axis=0)  # (n, size, size, channels)
                for picture, (top, left, bottom, right) in zip(covered, some):
                    picture[top:bottom, left:right] = fill[view, top:bottom, left:right]
                features = np.repeat(whole, len(some), axis=0)  # (n, 2, R, C, F)
                features[:, view] = graphs.features(covered[:, None]).numpy()[:, 0]  # the other view is as it was
                after = question.asked.values(graphs, features, question.mask)
                falls.append(before - after)  # (W, n)
                done += len(some)
                report(done, of)
            maps[:, view] = averaged(np.concatenate(falls, axis=1), covers, (size, size))
        return maps, {"target": before[:, 0]}


def windows(shape: tuple[int, int], side: int, stride: int) -> np.ndarray:
    """Squares that slide over `shape` (rows, columns) to every edge: int `(K, 4)` of top, left, bottom, right."""

    def starts(length: int) -> list[int]:
        last = max(length - side, 0)
        return sorted({*range(0, last + 1, stride), last})

    return np.array(
        [
            (top, left, min(top + side, shape[0]), min(left + side, shape[1]))
            for top in starts(shape[0])
            for left in starts(shape[1])
        ]
    )


def averaged(falls: np.ndarray, covers: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The mean of the windows over each place: falls `(W, K)`, windows `(K, 4)` -> `(W, rows, columns)`."""
    total, count = np.zeros((len(falls), *shape), np.float64), np.zeros(shape)
    for fall, (top, left, bottom, right) in zip(falls.T, covers):
        total[:, top:bottom, left:right] += fall[:, None, None]
        count[top:bottom, left:right] += 1
    return total / np.maximum(count, 1)  # where no window came, nothing fell
