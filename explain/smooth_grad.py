"""SmoothGrad: where a small change of the picture would move the word's log probability, averaged over noisy copies.

Source: Smilkov, Thorat, Kim, Viegas and Wattenberg, "SmoothGrad: removing noise by adding noise" (2017),
arXiv 1706.03825, section 3; the absolute value is their choice for photographs (section 3.1).
"""

import numpy as np

from explain.method import Method
from explain.target import sequence, target


class SmoothGrad(Method):
    """The size of the mean gradient of noisy copies of the pictures.

    Args:
        samples: noisy copies.
        noise: standard deviation of the noise, as a share of the range of each view's values.
        seed: of the noise; all words see the same copies.
        batch: copies that run through the network at once.
    """

    name, title = "smooth-grad", "SmoothGrad"
    slow = True

    def __init__(self, samples=24, noise=0.1, seed=0, batch=8):
        self.samples, self.noise, self.seed, self.batch = samples, noise, seed, batch

    def _maps(self, model, question, report):
        graphs, pictures = target(model), question.pictures
        deviation = self.noise * np.ptp(pictures, axis=(1, 2, 3), keepdims=True)  # (2, 1, 1, 1); 0 for a missing view
        tokens, against = sequence(question)
        noise, words, done = np.random.default_rng(self.seed), len(question.positions), 0
        total, targets = np.zeros((words, *pictures.shape), np.float64), []  # (W, 2, size, size, channels)
        for first in range(0, self.samples, self.batch):
            count = min(self.batch, self.samples - first)
            # One grey level's noise, whether the network takes it once or three times over.
            grey = noise.standard_normal((count, *pictures.shape[:-1], 1), np.float32)  # (count, 2, size, size, 1)
            noisy = pictures + deviation * grey
            found, gradients = graphs.pixels_gradient(noisy, question.mask, tokens, against, question.positions)
            total += gradients.numpy().sum(axis=1)
            targets.append(found.numpy())  # (W, count)
            done += count * words
            report(done, self.samples * words)
        maps = np.abs(total.sum(axis=-1)) / self.samples  # (W, 2, size, size)
        return maps, {"target_with_noise": np.concatenate(targets, axis=1).mean(axis=1)}
