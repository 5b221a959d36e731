"""What a captioner must beat: captions chosen without looking, or by looking at something simpler.

- constant: the commonest impression of the training studies, always.
- nearest neighbour: the impression of the training study that is most alike, by the encoder's features or by pixels.
- shuffled: the captioner's own captions, each given to another study, as if the pictures had been mixed up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import keras

    from captioner.captioner import Features
    from captioner.images.study import Study

THUMBNAIL = 32  # pixels; at this size the shape of heart and lungs is left, and little else


def constant(impressions: Sequence[str]) -> str:
    """The commonest impression; of several equally common ones the first in the alphabet."""
    counts = Counter(impressions)
    return min(counts, key=lambda impression: (-counts[impression], impression))


def derangement(count: int, seed: int = 0) -> np.ndarray:
    """A random order of `count` studies in which none keeps its place, int `(count,)`; one study alone has to."""
    rng = np.random.default_rng(seed)
    if count < 2:
        return np.zeros(count, dtype=int)
    while True:  # a random order is a derangement with probability 1/e
        order = rng.permutation(count)
        if (order != np.arange(count)).all():
            return order


def nearest(
    queries: np.ndarray,
    query_mask: np.ndarray,
    candidates: np.ndarray,
    candidate_mask: np.ndarray,
    apart: np.ndarray | None = None,
) -> np.ndarray:
    """The candidate most alike to each query, by the cosine averaged over the views that both have.

    Args:
        queries: float `(n, views, depth)`.
        query_mask: bool `(n, views)`, False for a missing view.
        candidates, candidate_mask: the same for `m` candidates.
        apart: int `(n,)`, for each query a candidate that it may not get.

    Returns:
        int `(n,)`, the first of equally good ones; one without a view in common counts as least alike.
    """
    queries, candidates = _unit(queries, query_mask), _unit(candidates, candidate_mask)
    total = np.einsum("nvd,mvd->nm", queries, candidates, optimize=True)  # (n, m)
    shared = query_mask.astype(np.float32) @ candidate_mask.astype(np.float32).T  # (n, m)
    alike = np.where(shared > 0, total / np.maximum(shared, 1), -np.inf)
    if apart is not None:
        alike[np.arange(len(alike)), apart] = -np.inf
    return alike.argmax(axis=1)


def _unit(vectors: np.ndarray, mask: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32) * mask[..., None]
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def thumbnails(study: Study) -> tuple[np.ndarray, np.ndarray]:
    """A study as the pixel baseline sees it.

    Args:
        study: Study.

    Returns:
        float32 `(2, 1024)`, each view at 32 x 32, its mean grey taken off so that exposure does not count; bool
        `(2,)`, which views there are.
    """
    vectors, mask = np.zeros((2, THUMBNAIL * THUMBNAIL), np.float32), np.zeros(2, bool)
    for place, view in enumerate((study.frontal, study.lateral)):
        if view is not None:
            small = cv2.resize(view.pixels, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).astype(np.float32)
            vectors[place], mask[place] = (small - small.mean()).ravel(), True
    return vectors, mask


def pooled(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """A study as the encoder sees it, pooled over the positions of each view.

    Args:
        features: Features, of `memory` `(1, positions, depth)`, frontal positions first, and `mask` `(1, 2)`.

    Returns:
        float32 `(2, depth)`; bool `(2,)`, which views there are.
    """
    memory, mask = np.asarray(features.image_features, np.float32)[0], np.asarray(features.mask, bool)[0]
    return memory.reshape(len(mask), -1, memory.shape[-1]).mean(axis=1), mask


class Looks:
    """What is kept of every study: its thumbnails, its pooled features, and what the finding head says of it."""

    def __init__(self) -> None:
        self.thumbnails: list[np.ndarray] = []
        self.features: list[np.ndarray] = []
        self.masks: list[np.ndarray] = []
        self.findings: list[Any] = []

    def add(self, study: Study, features: keras.KerasTensor) -> None:
        small, mask = thumbnails(study)
        self.thumbnails.append(small)
        self.features.append(pooled(features)[0])
        self.masks.append(mask)

    def nearest_by_features(self, training: Looks, apart: np.ndarray | None = None) -> np.ndarray:
        """Places in `training`; what all training studies share is taken off first, or every cosine would be near 1."""
        masks, candidates = np.array(training.masks), np.array(training.features)
        seen = np.maximum(masks.sum(axis=0), 1)[:, None]  # (2, 1)
        mean = (candidates * masks[..., None]).sum(axis=0) / seen  # (2, depth)
        return nearest(np.array(self.features) - mean, np.array(self.masks), candidates - mean, masks, apart)

    def nearest_by_pixels(self, training: Looks, apart: np.ndarray | None = None) -> np.ndarray:
        """Places in `training`."""
        return nearest(
            np.array(self.thumbnails),
            np.array(self.masks),
            np.array(training.thumbnails),
            np.array(training.masks),
            apart,
        )
