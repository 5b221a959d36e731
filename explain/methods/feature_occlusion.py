"""Occlusion of feature cells: the decoder alone is run again with one place of the encoder's grid made dumb.

The occlusion of Zeiler and Fergus (2014), arXiv 1311.2901, section 4.2, moved from the pixels to the features that the
decoder attends to: a hundredth of the work, because the encoder runs once. A cell sees more of the picture than lies
under it, so the map is coarser than it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.sentence import Sentence
from explain.methods.base import Method
from explain.methods.graphs import graphs_of
from explain.methods.occlusion import averaged, windows

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.question import Question


SQUARES = 10  # along the grid's side


def square_side(grid: tuple[int, int]) -> int:
    """Cells along the side of a square on a grid `(rows, columns)`: a tenth of the longer side, at least 1.

    >>> [square_side((side, side)) for side in (7, 10, 14, 20)]
    [1, 1, 1, 2]
    """
    return max(round(max(grid) / SQUARES), 1)


class FeatureOcclusion(Method):
    """How far the word's log probability falls when a square of cells holds the mean of its view's cells instead of
    its own.

    Args:
        side: cells along the side of the square, by which it moves on, too; a cell's value is the mean over the
            squares that covered it. None for a tenth of the grid's side: one cell of a fine grid is missed by nobody,
            as its neighbours see the same part of the picture, and four times the squares take four times as long.
        batch: altered image features that the decoder runs with at once.
    """

    name, title = "feature-occlusion", Sentence("Occlusion of features")
    grid = signed = True

    def __init__(self, side: int | None = None, batch: int = 8) -> None:
        self.side, self.batch = side, batch

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        graphs = graphs_of(model)
        whole = graphs.features(question.pictures[None]).numpy()  # (1, 2, R, C, F)
        mean = whole[0].mean(axis=(1, 2))  # (2, F)
        before = question.asked.values(graphs, whole, question.mask)  # (W, 1)
        side = min(self.side or square_side(model.grid), *model.grid)
        covers = windows(model.grid, side, side)  # (K, 4)
        places = [(view, *cover) for view in np.flatnonzero(question.mask) for cover in covers]
        falls = []
        for first in range(0, len(places), self.batch):
            some = places[first : first + self.batch]
            features = np.repeat(whole, len(some), axis=0)  # (n, 2, R, C, F)
            for altered, (view, top, left, bottom, right) in zip(features, some):
                altered[view, top:bottom, left:right] = mean[view]
            after = question.asked.values(graphs, features, question.mask)
            falls.append(before - after)  # (W, n)
            report(first + len(some), len(places))
        by_view = np.concatenate(falls, axis=1).reshape(len(before), -1, len(covers))  # (W, views there are, K)
        maps = np.zeros((len(before), len(question.mask), *model.grid), np.float32)
        for place, view in enumerate(np.flatnonzero(question.mask)):
            maps[:, view] = averaged(by_view[:, place], covers, model.grid)
        return maps, {"target": before[:, 0]}
