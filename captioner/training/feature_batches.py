"""Training the decoder alone: every picture goes through the encoder once, and an epoch takes seconds, not minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.images.preprocessing import standardise
from captioner.training.dataset import Arrays, Moves, StudyBatches
from captioner.training.examples import VIEWS

if TYPE_CHECKING:
    import keras

    from captioner.training.examples import PictureStore

BATCH = 32  # pictures through the encoder at once


class FeatureStore:
    """What an encoder that keeps still makes of every picture of a store, float16 `(count, R, C, F)`, in memory.

    Args:
        encoder: of `captioner.models.densenet`.
        pictures: PictureStore.
        preparation: the checkpoint's.
        pooling: how many cells are averaged into one, in each direction; what does not fill one is left out.

    Attributes:
        size: pixels of the pictures.
    """

    def __init__(
        self, encoder: keras.Model, pictures: PictureStore, preparation: dict[str, Any], pooling: int = 1
    ) -> None:
        self.size = pictures.size
        self._features = np.zeros((0,), np.float16)
        for start in range(0, len(pictures), BATCH):
            # Always a whole batch, the last one with pictures from before: one shape, compiled once.
            numbers = range(start, start + BATCH)
            batch = [standardise(pictures[min(number, len(pictures) - 1)], preparation) for number in numbers]
            made = pooled(np.asarray(encoder.predict_on_batch(np.stack(batch))), pooling)
            if not len(self._features):
                self._features = np.empty((len(pictures), *made.shape[1:]), np.float16)
            # Under a strategy each replica makes the whole batch, and they come one after the other.
            self._features[start : start + BATCH] = made[: min(BATCH, len(pictures) - start)]

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._features[index]


def pooled(cells: np.ndarray, pooling: int) -> np.ndarray:
    """`(N, R, C, F)` with the mean of each `pooling` x `pooling` cells: `(N, R // pooling, C // pooling, F)`."""
    if pooling == 1:
        return cells
    count, rows, columns, depth = cells.shape
    rows, columns = rows // pooling, columns // pooling
    blocks = cells[:, : rows * pooling, : columns * pooling]
    return blocks.reshape(count, rows, pooling, columns, pooling, depth).mean(axis=(2, 4))


class FeatureBatches(StudyBatches):
    """As `StudyBatches`, of a FeatureStore: `features (B, VIEWS, R, C, F)` instead of pictures. Nothing moves or fades.

    `augmentation` only says whether this is training: then examples are drawn, and views and words left out.
    """

    def _inputs(self, chosen: np.ndarray, draws: Sequence[np.random.Generator]) -> tuple[Arrays, Moves]:
        features = np.zeros((len(chosen), VIEWS, *self.store[0].shape), np.float32)  # (B, VIEWS, R, C, F)
        mask = np.zeros((len(chosen), VIEWS), bool)
        for row, (number, rng) in enumerate(zip(chosen, draws)):
            for view, cells in self._views(self.examples[number], rng).items():
                features[row, view], mask[row, view] = cells, True
        return {"features": features, "mask": mask}, {}
