"""The captioner that this project grew from, as its own checkpoints need it: to run, not to be trained.

DenseNet-121 and additive attention over 2 views x 3 x 3 cells with a GRU decoder, after Show, Attend and Tell (Xu et
al. 2015, arXiv 1502.03044). It differs from `captioner.models.attention` in that the last row and column of the
encoder's 7 x 7 grid are dropped, that the image features are batch-normalised, and that a missing lateral is no
absence: the frontal stands in for it. There is no mask of cells, then.
"""

from typing import Any, Self

import keras
from keras import layers, ops

from captioner.models.densenet import EncoderConfig, build_encoder

VIEWS = 2
BATCH_NORM_EPSILON = 1e-3  # Keras' own default, which the seed did not change


class SeedCaptioner(keras.Model):
    """Two views in; for every step of a sequence the logits of the next token and where the decoder looked.

    Args:
        vocabulary_size: tokens, padding among them.
        encoder: EncoderConfig; its grid has 7 rows and columns for a picture of 224 pixels.
        grid: rows and columns of the image features over one view: half of the encoder's, rounded down.
        depth: channels of an image feature, the same as `units`, since attention compares the two.
        units: of the GRU.
        embedding: channels of a token's embedding.

    The shapes below: P = VIEWS * rows * columns cells; V tokens.
    """

    def __init__(
        self,
        vocabulary_size: int,
        encoder: EncoderConfig = EncoderConfig(channels=3),
        grid: tuple[int, int] = (3, 3),
        depth: int = 512,
        units: int = 512,
        embedding: int = 300,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.encoder_config, self.grid = vocabulary_size, encoder, tuple(grid)
        self.depth, self.units, self.embedding_size = depth, units, embedding
        self.encoder = build_encoder(encoder)
        self.pool = layers.AveragePooling2D(2, strides=2, padding="valid", name="pool")
        self.feature_projection = layers.Dense(depth, activation="relu", name="projection")
        self.memory_norm = layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name="memory_norm")
        self.attend_memory = layers.Dense(units, name="attend_memory")
        self.attend_state = layers.Dense(units, name="attend_state")
        self.attend_score = layers.Dense(1, name="attend_score")
        self.embedding = layers.Embedding(vocabulary_size, embedding, name="embedding")
        self.cell = layers.GRUCell(units, reset_after=True, name="gru_cell")
        self.output_dense = layers.Dense(vocabulary_size, name="output_dense")
        self.feature_projection.build((None, self.encoder.output_shape[-1]))
        self.memory_norm.build((None, VIEWS * self.grid[0] * self.grid[1], depth))
        self.attend_memory.build((None, depth))
        self.attend_state.build((None, units))
        self.attend_score.build((None, units))
        self.embedding.build((None,))
        self.cell.build((None, depth + embedding))
        self.output_dense.build((None, units))
        self.built = True

    def encode(
        self,
        pictures: keras.KerasTensor,
        mask: keras.KerasTensor,
        training: bool = False,
        encoder: keras.Model | None = None,
    ) -> keras.KerasTensor:
        """Pictures `(B, VIEWS, rows, columns, channels)` -> image features `(B, P, depth)`; the mask is ignored."""
        return self.project(self.features(pictures, encoder=encoder), mask)

    def features(
        self, pictures: keras.KerasTensor, training: bool = False, encoder: keras.Model | None = None
    ) -> keras.KerasTensor:
        """Pictures `(B, views, rows, columns, channels)`, of any views -> `(B, views, R, C, F)`, each by itself."""
        shape = ops.shape(pictures)
        flat = ops.reshape(pictures, (-1, *pictures.shape[2:]))  # (B * views, rows, columns, channels)
        features = self.pool((encoder or self.encoder)(flat, training=False))  # (B * views, R, C, F)
        return ops.reshape(features, (shape[0], shape[1], *self.grid, features.shape[-1]))  # (B, views, R, C, F)

    def project(
        self, features: keras.KerasTensor, mask: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Features `(B, VIEWS, R, C, F)` -> image features `(B, P, depth)`; the mask is not looked at."""
        rows, columns = self.grid
        features = ops.reshape(features, (-1, VIEWS * rows * columns, features.shape[-1]))  # (B, P, F)
        return self.memory_norm(self.feature_projection(features), training=False)  # (B, P, depth)

    def begin(
        self, image_features: keras.KerasTensor, mask: keras.KerasTensor
    ) -> tuple[tuple[keras.KerasTensor, ...], keras.KerasTensor]:
        """What decoding starts from: `((keys (B, P, units),), state (B, units))`, the state all zeros."""
        return (self.attend_memory(image_features),), ops.zeros(
            (ops.shape(image_features)[0], self.units), image_features.dtype
        )

    def step(
        self,
        image_features: keras.KerasTensor,
        constants: tuple[keras.KerasTensor, ...],
        state: keras.KerasTensor,
        token: keras.KerasTensor,
        training: bool = False,
    ) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
        """One step: token ids `(B,)` -> `(logits (B, V), state (B, units), attention (B, P))`.

        `image_features` and `constants` may have a batch of 1 while `state` and `token` have B: hypotheses of one
        study.
        """
        (keys,) = constants
        hidden = ops.tanh(keys + ops.expand_dims(self.attend_state(state), 1))  # (B, P, units)
        attention = ops.softmax(ops.squeeze(self.attend_score(hidden), -1), axis=-1)  # (B, P)
        context = ops.squeeze(ops.matmul(ops.expand_dims(attention, 1), image_features), 1)  # (B, depth)
        known = ops.concatenate([context, self.embedding(token)], axis=-1)  # (B, depth + embedding)
        output, (state,) = self.cell(known, [state], training=False)
        return self.output_dense(output), state, attention

    def get_config(self) -> dict[str, Any]:
        return {
            "vocabulary_size": self.vocabulary_size,
            "encoder": self.encoder_config.as_dict(),
            "grid": list(self.grid),
            "depth": self.depth,
            "units": self.units,
            "embedding": self.embedding_size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{**config, "encoder": EncoderConfig.from_dict(config["encoder"])})
