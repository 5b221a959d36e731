"""Training the decoder alone: every picture goes through the encoder once, and an epoch takes seconds instead of minutes."""

import numpy as np

from captioner.preparation import standardise
from captioner.training_data import VIEWS, StudyBatches

BATCH = 32  # pictures through the encoder at once


class FeatureStore:
    """What an encoder that keeps still makes of every picture of a store, float16 `(count, R, C, F)`, in memory.

    Args:
        encoder: of `captioner.models.encoder`.
        pictures: PictureStore.
        preparation: the checkpoint's.

    Attributes:
        size: pixels of the pictures.
    """

    def __init__(self, encoder, pictures, preparation):
        self.size = pictures.size
        parts = []
        for start in range(0, len(pictures), BATCH):
            batch = [standardise(pictures[index], preparation) for index in range(start, min(start + BATCH, len(pictures)))]
            parts.append(encoder.predict_on_batch(np.stack(batch)).astype(np.float16))
        self._features = np.concatenate(parts)

    def __len__(self):
        return len(self._features)

    def __getitem__(self, index):
        return self._features[index]


class FeatureBatches(StudyBatches):
    """As `StudyBatches`, of a FeatureStore: `features (B, VIEWS, R, C, F)` instead of pictures. Nothing moves or fades.

    `augmentation` only says whether this is training: then examples are drawn, and views and words left out.
    """

    def _inputs(self, chosen, draws):
        features = np.zeros((len(chosen), VIEWS, *self.store[0].shape), np.float32)  # (B, VIEWS, R, C, F)
        mask = np.zeros((len(chosen), VIEWS), bool)
        for row, (number, rng) in enumerate(zip(chosen, draws)):
            for view, cells in self._views(self.examples[number], rng).items():
                features[row, view], mask[row, view] = cells, True
        return {"features": features, "mask": mask}, {}
