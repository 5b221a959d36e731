"""Integrated gradients: each pixel's share of what the pictures add to the word's log probability over empty ones.

Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (2017), arXiv 1703.01365, eq. 1 and 3.
"""

import numpy as np

from explain.baseline import baseline
from explain.method import Method
from explain.target import sequence, target


class IntegratedGradients(Method):
    """The gradients along the straight line from a baseline to the pictures, times the way.

    The shares of all pixels of both views add up to target(pictures) - target(baseline): completeness. The sum over
    finitely many steps misses that by a gap, which `details` reports beside both targets: a large gap says that the
    steps were too few for the map to be trusted.

    Args:
        steps: points on the line, at the middles of as many equal pieces of it.
        kind: see `explain.baseline`. The default is the blurred picture: with a black one no dark pixel could ever
            count, and in a chest X-ray the dark pixels are the lungs.
        batch: points that run through the network at once.
    """

    name, title = "integrated-gradients", "Integrated gradients"
    signed = slow = True

    def __init__(self, steps=32, kind="blurred", batch=8):
        self.steps, self.kind, self.batch = steps, kind, batch

    def _maps(self, model, question, report):
        graphs, pictures = target(model), question.pictures
        start = baseline(pictures, self.kind, model.config["preparation"])
        start[~question.mask] = pictures[~question.mask]
        shares = ((np.arange(self.steps) + 0.5) / self.steps).astype(np.float32)  # (steps,)
        tokens, against = sequence(question)
        words, done = len(question.positions), 0
        total = np.zeros((words, *pictures.shape), np.float64)  # (W, 2, size, size, channels)
        for first in range(0, self.steps, self.batch):
            share = shares[first : first + self.batch, None, None, None, None]
            points = start + share * (pictures - start)  # (n, 2, size, size, channels)
            _, gradients = graphs.pixels_gradient(points, question.mask, tokens, against, question.positions)
            total += gradients.numpy().sum(axis=1)
            done += len(share) * words
            report(done, self.steps * words)
        maps = ((pictures - start) * total / self.steps).sum(axis=-1)  # (W, 2, size, size)
        features = graphs.features(np.stack([start, pictures]))
        ends = graphs.of_features(features, question.mask, tokens, against).numpy()[question.positions]  # (W, 2)
        before, after = ends.T
        return maps, {"target": after, "baseline": before, "gap": maps.sum(axis=(1, 2, 3)) - (after - before)}
