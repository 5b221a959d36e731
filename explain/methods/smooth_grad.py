"""SmoothGrad: where a small change of the picture would move the word's log probability, averaged over noisy copies.

Source: Smilkov, Thorat, Kim, Viegas and Wattenberg, "SmoothGrad: removing noise by adding noise" (2017),
arXiv 1706.03825, section 3; the absolute value is their choice for photographs (section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.sentence import Sentence
from explain.methods.base import Method
from explain.methods.graphs import graphs_of, word_groups

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.question import Question


class SmoothGrad(Method):
    """The size of the mean gradient of noisy copies of the pictures.

    Args:
        samples: noisy copies.
        noise: standard deviation of the noise, as a share of the range of each view's values.
        seed: of the noise; all words see the same copies.
        batch: copies that run through the network at once.
    """

    name, title = "smooth-grad", Sentence("SmoothGrad")
    slow = True

    def __init__(self, samples: int = 24, noise: float = 0.1, seed: int = 0, batch: int = 2) -> None:
        self.samples, self.noise, self.seed, self.batch = samples, noise, seed, batch

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        graphs, pictures = graphs_of(model), question.pictures
        deviation = self.noise * np.ptp(pictures, axis=(1, 2, 3), keepdims=True)  # (2, 1, 1, 1); 0 for a missing view
        noise, words, done = np.random.default_rng(self.seed), len(question.asked), 0
        total, numbers = np.zeros((words, *pictures.shape), np.float64), []  # (W, 2, size, size, channels)
        for first in range(0, self.samples, self.batch):
            count = min(self.batch, self.samples - first)
            # One grey level's noise, whether the network takes it once or three times over.
            grey = noise.standard_normal((count, *pictures.shape[:-1], 1), np.float32)  # (count, 2, size, size, 1)
            noisy = pictures + deviation * grey
            of_batch = []
            for some in word_groups(words):
                found, gradients = question.asked.only(some).pixels_gradient(graphs, noisy, question.mask)
                total[some] += gradients.numpy().sum(axis=1)
                of_batch.append(found.numpy())  # (words of the group, count)
                done += count * (some.stop - some.start)
                report(done, self.samples * words)
            numbers.append(np.concatenate(of_batch))  # (W, count)
        maps = np.abs(total.sum(axis=-1)) / self.samples  # (W, 2, size, size)
        return maps, {"target_with_noise": np.concatenate(numbers, axis=1).mean(axis=1)}
