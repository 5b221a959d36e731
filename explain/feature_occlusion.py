"""Occlusion of feature cells: the decoder alone is run again with one place of the encoder's grid made dumb.

The occlusion of Zeiler and Fergus (2014), arXiv 1311.2901, section 4.2, moved from the pixels to the features that the
decoder attends to: a hundredth of the work, because the encoder runs once. A cell sees more of the picture than lies
under it, so the map is coarser than it looks.
"""

import numpy as np

from explain.method import Method
from explain.occlusion import averaged, windows
from explain.target import sequence, target


class FeatureOcclusion(Method):
    """How far the word's log probability falls when a cell holds the mean of its view's cells instead of its own.

    Args:
        side: cells along the side of the square that is made dumb at once; a cell's value is the mean over the squares
            that covered it.
        batch: altered memories that the decoder runs with at once.
    """

    name, title = "feature-occlusion", "Occlusion of features"
    grid = signed = True

    def __init__(self, side=1, batch=64):
        self.side, self.batch = side, batch

    def _maps(self, model, question, report):
        graphs = target(model)
        tokens, against = sequence(question)
        whole = graphs.features(question.pictures[None]).numpy()  # (1, 2, R, C, F)
        mean = whole[0].mean(axis=(1, 2))  # (2, F)
        before = graphs.of_features(whole, question.mask, tokens, against).numpy()[question.positions]  # (W, 1)
        covers = windows(model.grid, min(self.side, *model.grid), 1)  # (K, 4)
        places = [(view, *cover) for view in np.flatnonzero(question.mask) for cover in covers]
        falls = []
        for first in range(0, len(places), self.batch):
            some = places[first : first + self.batch]
            features = np.repeat(whole, len(some), axis=0)  # (n, 2, R, C, F)
            for altered, (view, top, left, bottom, right) in zip(features, some):
                altered[view, top:bottom, left:right] = mean[view]
            after = graphs.of_features(features, question.mask, tokens, against).numpy()[question.positions]
            falls.append(before - after)  # (W, n)
            report(first + len(some), len(places))
        falls = np.concatenate(falls, axis=1).reshape(len(before), -1, len(covers))  # (W, views there are, K)
        maps = np.zeros((len(before), len(question.mask), *model.grid), np.float32)
        for place, view in enumerate(np.flatnonzero(question.mask)):
            maps[:, view] = averaged(falls[:, place], covers, model.grid)
        return maps, {"target": before[:, 0]}
