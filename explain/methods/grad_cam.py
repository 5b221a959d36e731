"""Grad-CAM: which cells of the encoder's features carry what the word's probability rises with.

Source: Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization" (2017),
arXiv 1610.02391, eq. 1 and 2; captions are section 5.1's case: the class score is a word's log probability.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.sentence import Sentence
from explain.methods.base import Method
from explain.methods.graphs import graphs_of

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from explain.methods.question import Question


class GradCAM(Method):
    """Gradient-weighted class activation maps of both views, all words in one backward pass.

    Each view has weights of its own, because the decoder may use the same feature differently from the front and from
    the side; one scale serves both, so the views of a word can be compared.
    """

    name, title = "grad-cam", Sentence("Grad-CAM")
    grid = True

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        graphs = graphs_of(model)
        features = graphs.features(question.pictures[None])  # (1, 2, R, C, F)
        numbers, gradients = question.asked.features_gradient(graphs, features, question.mask)
        return combine(features.numpy()[0], gradients.numpy()), {"target": numbers.numpy()}


def combine(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Features `(2, R, C, F)` and gradients `(W, 2, R, C, F)` -> maps `(W, 2, R, C)`."""
    weights = gradients.mean(axis=(2, 3))  # (W, 2, F), eq. 1
    return np.maximum(np.einsum("vrcf,wvf->wvrc", features, weights), 0)  # eq. 2
