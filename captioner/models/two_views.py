"""What the captioners of two views share: the encoder, the memory of both views, the findings, teacher forcing.

Written in backend-neutral Keras, so that they train with any backend.
"""

import keras
from keras import layers, ops

from captioner.models.encoder import EncoderConfig, build_encoder

VIEWS = 2
VIEW_NAMES = ("frontal", "lateral")
FAR_BELOW = -1e9  # what a masked position's score becomes before the softmax


class TwoViewCaptioner(keras.Model):
    """Two views in, for every step of a sequence the logits of the next token and where the decoder looked.

    A captioner adds `begin` and `step` (see `captioner.models`), and makes the layers for them in `_make_readers`, what
    looks at the memory, and in `_make_cell`, what goes on from word to word.

    Args:
        encoder: the configuration of one of `captioner.models.encoder`.
        vocabulary_size: tokens, the special ones among them.
        targets: multi-label findings that the auxiliary head predicts.
        grid: rows and columns of the feature grid of one view.
        depth: channels of a memory cell after the shared projection.
        units: of the decoder.
        embedding: channels of a token's embedding.
        dropout: rate before the projection, on the embeddings and before the output.

    Attributes:
        has_attention: whether `step` says where it looked; else attention has no cells.

    The shapes below: P = VIEWS * rows * columns cells; V tokens; T steps; K targets.
    """

    has_attention = True

    def __init__(self, encoder, vocabulary_size, targets, grid, depth=256, units=256, embedding=128, dropout=0.3, **kwargs):
        super().__init__(**kwargs)
        self.encoder_config, self.vocabulary_size, self.targets, self.grid = encoder, vocabulary_size, targets, tuple(grid)
        self.depth, self.units, self.embedding_size, self.dropout_rate = depth, units, embedding, dropout
        self.encoder = build_encoder(encoder)
        self.feature_dropout = layers.SpatialDropout1D(dropout, name="feature_dropout")
        self.projection = layers.Dense(depth, name="projection")
        self.projection_norm = layers.LayerNormalization(name="projection_norm")
        # A sign looks different from the front and from the side, so each view has its own evidence. The attention
        # is zeros at first: the head starts as average pooling and learns where to look for each finding.
        self.target_attention = [layers.Dense(targets, kernel_initializer="zeros", name=f"target_attention_{view}")
                                 for view in VIEW_NAMES]
        self.target_evidence = [layers.Dense(targets, name=f"target_evidence_{view}") for view in VIEW_NAMES]
        readers = self._make_readers()
        self.embedding = layers.Embedding(vocabulary_size, embedding, name="embedding")
        self.embedding_dropout = layers.Dropout(dropout, name="embedding_dropout")
        cell = self._make_cell()
        self.output_dropout = layers.Dropout(dropout, name="output_dropout")
        self.output_dense = layers.Dense(vocabulary_size, name="output_dense")
        # Every weight is made now, so that a checkpoint can be read without running the network first.
        for layer, width in (
            (self.projection, self.encoder.output_shape[-1] + 3), (self.projection_norm, depth),
            *((layer, depth) for layer in self.target_attention + self.target_evidence), *readers, cell,
            (self.output_dense, self.output_width),
        ):
            layer.build((None, width))
        self.embedding.build((None,))
        self.built = True

    def _make_readers(self):
        """Make the layers that look at the memory; returns each with the width of its input."""
        raise NotImplementedError

    def _make_cell(self):
        """Make `cell`, the recurrent layer; returns it with the width of its input."""
        raise NotImplementedError

    @property
    def output_width(self):
        """Numbers that `output_dense` makes the logits from."""
        return self.units

    def encode(self, pictures, mask, training=False):
        """Pictures `(B, VIEWS, rows, columns, channels)`, mask bool `(B, VIEWS)` -> memory `(B, P, depth)`."""
        return self.remember(self.features(pictures, training=training), mask, training=training)

    def features(self, pictures, training=False):
        """Pictures `(B, views, rows, columns, channels)`, of any views -> `(B, views, R, C, F)`, each by itself."""
        shape = ops.shape(pictures)
        flat = ops.reshape(pictures, (-1, *pictures.shape[2:]))  # (B * views, rows, columns, channels)
        features = self.encoder(flat, training=training)  # (B * views, R, C, F)
        return ops.reshape(features, (shape[0], shape[1], *self.grid, features.shape[-1]))  # (B, views, R, C, F)

    def remember(self, features, mask, training=False):
        """Features `(B, VIEWS, R, C, F)`, mask bool `(B, VIEWS)` -> memory `(B, P, depth)`."""
        batch = ops.shape(features)[0]
        rows, columns = self.grid
        features = ops.reshape(features, (batch, VIEWS * rows * columns, features.shape[-1]))  # (B, P, F)
        features = self.feature_dropout(features, training=training)
        where = ops.broadcast_to(self._positions(), (batch, VIEWS * rows * columns, 3))
        memory = self.projection(ops.concatenate([features, ops.cast(where, features.dtype)], axis=-1))
        memory = ops.relu(self.projection_norm(memory))  # (B, P, depth)
        return memory * ops.expand_dims(self._cells(mask, memory.dtype), -1)

    def _positions(self):
        """`(1, P, 3)`: view, row and column of each cell, each from -1 to 1, so that words can name a side."""
        rows, columns = self.grid
        view, row, column = ops.meshgrid(
            ops.linspace(-1.0, 1.0, VIEWS), ops.linspace(-1.0, 1.0, rows), ops.linspace(-1.0, 1.0, columns), indexing="ij"
        )
        return ops.reshape(ops.stack([view, row, column], axis=-1), (1, VIEWS * rows * columns, 3))

    def _cells(self, mask, dtype="float32"):
        """Mask of the views `(B, VIEWS)` -> mask of the cells `(B, P)`, 1 where there is a picture."""
        rows, columns = self.grid
        return ops.repeat(ops.cast(mask, dtype), rows * columns, axis=1)

    def find(self, memory, mask):
        """Logits `(B, K)` of the findings, each from its own attention over the cells that exist."""
        gone = FAR_BELOW * (1.0 - self._cells(mask))  # (B, P)
        by_view = ops.split(memory, VIEWS, axis=1)  # VIEWS times (B, P / VIEWS, depth)
        scores = ops.concatenate([layer(cells) for layer, cells in zip(self.target_attention, by_view)], axis=1)
        evidence = ops.concatenate([layer(cells) for layer, cells in zip(self.target_evidence, by_view)], axis=1)
        weights = ops.softmax(scores + ops.expand_dims(gone, -1), axis=1)  # (B, P, K)
        return ops.sum(weights * evidence, axis=1)  # (B, K)

    def call(self, inputs, training=False):
        """Teacher forcing.

        Args:
            inputs: dict of `pictures (B, VIEWS, rows, columns, channels)`, or what the encoder made of them,
                `features (B, VIEWS, R, C, F)`; `mask (B, VIEWS)`; and `tokens (B, T)`, the ids before each step (the
                start token first). Without `tokens`, the encoder is trained alone and only the findings come back.
                Several sequences a study may be given: `tokens (C * B, T)`, the first of every study, then the second...

        Returns:
            dict of `tokens (C * B, T, V)` logits, `findings (B, K)` logits, and of a network that attends also
            `attention (C * B, T, P)`.
        """
        mask = inputs["mask"]
        memory = self.memory_of(inputs, training=training)
        if "tokens" not in inputs:
            return {"findings": self.find(memory, mask)}
        tokens, findings = inputs["tokens"], self.find(memory, mask)  # (C * B, T), (B, K)
        copies = ops.shape(tokens)[0] // ops.shape(memory)[0]
        memory, mask = ops.tile(memory, (copies, 1, 1)), ops.tile(mask, (copies, 1))  # (C * B, P, depth), (C * B, VIEWS)
        constants, state = self.begin(memory, mask)
        logits, maps = [], []
        for step in range(tokens.shape[1]):
            output, state, attention = self.step(memory, constants, state, tokens[:, step], training=training)
            logits.append(output)
            maps.append(attention)
        answer = {"tokens": ops.stack(logits, axis=1), "findings": findings}  # (C * B, T, V), (B, K)
        return {**answer, "attention": ops.stack(maps, axis=1)} if self.has_attention else answer  # (C * B, T, P)

    def memory_of(self, inputs, training=False):
        """The memory `(B, P, depth)` of a batch, from its pictures or from its features, see `call`."""
        if "features" in inputs:
            return self.remember(inputs["features"], inputs["mask"], training=training)
        return self.encode(inputs["pictures"], inputs["mask"], training=training)

    def get_config(self):
        return {
            "encoder": self.encoder_config.as_dict(), "vocabulary_size": self.vocabulary_size, "targets": self.targets,
            "grid": list(self.grid), "depth": self.depth, "units": self.units, "embedding": self.embedding_size,
            "dropout": self.dropout_rate,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "encoder": EncoderConfig.from_dict(config["encoder"])})
