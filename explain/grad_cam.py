"""Grad-CAM: which cells of the encoder's features carry what the word's probability rises with.

Source: Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization" (2017),
arXiv 1610.02391, eq. 1 and 2; captions are section 5.1's case: the class score is a word's log probability.
"""

import numpy as np

from explain.method import Method
from explain.target import sequence, target


class GradCAM(Method):
    """Gradient-weighted class activation maps of both views, all words in one backward pass.

    Each view has weights of its own, because the decoder may use the same feature differently from the front and from
    the side; one scale serves both, so the views of a word can be compared.
    """

    name, title = "grad-cam", "Grad-CAM"
    grid = True

    def _maps(self, model, question, report):
        graphs = target(model)
        features = graphs.features(question.pictures[None])  # (1, 2, R, C, F)
        tokens, against = sequence(question)
        targets, gradients = graphs.features_gradient(features, question.mask, tokens, against, question.positions)
        return combine(features.numpy()[0], gradients.numpy()), {"target": targets.numpy()}


def combine(features, gradients):
    """Features `(2, R, C, F)` and gradients `(W, 2, R, C, F)` -> maps `(W, 2, R, C)`."""
    weights = gradients.mean(axis=(2, 3))  # (W, 2, F), eq. 1
    return np.maximum(np.einsum("vrcf,wvf->wvrc", features, weights), 0)  # eq. 2
