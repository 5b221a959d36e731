"""What training minimises, in backend-neutral Keras: findings, words, and attention on known places."""

from typing import Any

import keras
import numpy as np
from keras import ops


class FindingsLoss(keras.losses.Loss):
    """Binary cross-entropy of logits `(B, K)` with each positive weighted, averaged over the targets; -1 is not known.

    Args:
        weights: float `(K,)`, what a positive of each target counts; see `finding_weights`.
        importance: float `(K,)`, what each target counts in the average; see `target_importance`.
    """

    def __init__(self, weights: np.ndarray, importance: np.ndarray, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weights = np.asarray(weights, np.float32)
        self.importance = np.asarray(importance, np.float32) / np.sum(importance)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        weights, importance = (ops.convert_to_tensor(each, "float32") for each in (self.weights, self.importance))
        known = ops.cast(y_true >= 0, "float32")
        y_true = ops.maximum(y_true, 0.0)
        positive = ops.softplus(-y_pred) * y_true * weights
        return ops.sum(importance * known * (positive + ops.softplus(y_pred) * (1 - y_true)), axis=-1)


class PlacesLoss(keras.losses.Loss):
    """Binary cross-entropy of logits `(B, N, 4)`, summed over the places of a study that are known (not -1)."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        known = ops.cast(y_true >= 0, "float32")
        entropy = ops.softplus(y_pred) - y_pred * y_true
        return ops.sum(known * entropy, axis=(1, 2))  # (B,)


def finding_weights(targets: np.ndarray, max_weight: float = 6.0) -> np.ndarray:
    """What a positive counts, `(K,)`: the square root of negatives over positives, at most `max_weight`."""
    positives = np.maximum(np.sum(targets > 0.5, axis=0), 1)
    negatives = np.sum((targets >= 0) & (targets <= 0.5), axis=0)
    return np.minimum(np.sqrt(np.maximum(negatives, 1) / positives), max_weight)


def target_importance(targets: np.ndarray) -> np.ndarray:
    """The square root of each target's count `(K,)`: a hundred rare targets must not drown the ten that matter most."""
    return np.sqrt(np.maximum(np.sum(targets > 0.5, axis=0), 1))


class WordLoss(keras.losses.Loss):
    """Cross-entropy of token logits `(B, T, V)` against ids `(B, T)` with label smoothing (Szegedy et al. 2016)."""

    def __init__(self, smoothing: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.smoothing = smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        log_probs = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)  # (B, T, V)
        chosen = ops.squeeze(
            ops.take_along_axis(log_probs, ops.expand_dims(ops.cast(y_true, "int32"), -1), axis=-1), -1
        )
        return -(1 - self.smoothing) * chosen - self.smoothing * ops.mean(log_probs, axis=-1)  # (B, T)


class AttentionLoss(keras.losses.Loss):
    """How little of the attention `(B, T, P)` lies where the word's finding is known to be, in each view of two.

    Minus the logarithm of the attention inside the mask of a view, averaged over the views that have a mask: it is
    least when all attention lies inside and both views get their share, so that a map shows the finding from both
    sides. `y_true (B, T, P)` is the share of each cell that the mask covers, scaled so that the fullest cell of a view
    counts whole. Steps without a mask are to be weighted 0.
    """

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        batch, steps, positions = ops.shape(y_pred)
        by_view = (batch, steps, 2, positions // 2)
        mask = ops.reshape(ops.cast(y_true, "float32"), by_view)
        fullest = ops.max(mask, axis=-1, keepdims=True)  # (B, T, 2, 1)
        inside = ops.sum(mask / ops.maximum(fullest, 1e-6) * ops.reshape(ops.cast(y_pred, "float32"), by_view), axis=-1)
        known = ops.cast(ops.squeeze(fullest, -1) > 0, "float32")  # (B, T, 2)
        return ops.sum(-ops.log(inside + 1e-4) * known, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)  # (B, T)


def mean_auc(truth: np.ndarray, scores: np.ndarray, min_count: int = 4) -> tuple[float, dict[int, float]]:
    """Mean area under the ROC curve over the targets with at least `min_count` positives and negatives.

    By the Mann-Whitney statistic: the share of (positive, negative) pairs that are ranked rightly, ties counting half.

    Args:
        truth: `(N, K)`, 1 where the study has the target.
        scores: `(N, K)`, higher for likelier.

    Returns:
        (mean, dict target number -> area); the mean is 0.5 when no target has enough studies.
    """
    areas = {}
    for target in range(truth.shape[1]):
        positive = truth[:, target] > 0.5
        if min_count <= positive.sum() <= len(truth) - min_count:
            better = scores[positive, target][:, None] - scores[~positive, target][None, :]
            areas[target] = float((better > 0).mean() + 0.5 * (better == 0).mean())
    return (float(np.mean(list(areas.values()))) if areas else 0.5), areas
