"""What the captioners of two views share: the encoder, the image features of both views, the findings, teacher forcing.

Written in backend-neutral Keras, so that they train with any backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import keras
from keras import layers, ops

from captioner.models import WORD_TABLE
from captioner.models.densenet import EncoderConfig, build_encoder
from captioner.models.finding_head import CONDITIONS, FindingHead, decide
from captioner.models.folding import projecting
from captioner.models.said import Said

if TYPE_CHECKING:
    from captioner.models.efficientnet_lite import EfficientNetLiteConfig

VIEWS = 2
VIEW_NAMES = ("frontal", "lateral")
POSITIONS = 3  # numbers that say where a cell lies: view, row and column
FAR_BELOW = -1e9  # what a masked position's score becomes before the softmax


class TwoViewCaptioner(keras.Model):
    """Two views in, for every step of a sequence the logits of the next token and where the decoder looked.

    A captioner adds `begin` and `step` (see `captioner.models`), and makes the layers for them in `_make_readers`, what
    looks at the image features, and in `_make_cell`, what goes on from word to word.

    Args:
        encoder: the configuration of one of `captioner.models.densenet`.
        vocabulary_size: tokens, the special ones among them.
        targets: multi-label findings that the auxiliary head predicts.
        grid: rows and columns of the feature grid of one view.
        depth: channels of an image feature after the shared projection.
        units: of the decoder.
        embedding: channels of a token's embedding.
        dropout: rate before the projection, on the embeddings and before the output.
        head: units of the finding head's hidden layer; 0 for a network without one (`captioner.models.finding_head`).
        rules: what of the findings the decoder is told, see `captioner.models.finding_head.decide`; None for a decoder
            that is told nothing.
        attention_units: of the attention's hidden layer; None for as many as `units`.
        attend_told: whether the attention looks by itself where the finding head found what the decoder is told.
        told_once: whether a decoder is told a finding only until a sentence has stated it, see `captioner.models.said`.

    Attributes:
        has_attention: whether `step` says where it looked; else attention has no cells.

    The shapes below: P = VIEWS * rows * columns cells; V tokens; T steps; K targets.
    """

    has_attention = True

    def __init__(
        self,
        encoder: EncoderConfig | EfficientNetLiteConfig,
        vocabulary_size: int,
        targets: int,
        grid: tuple[int, int],
        depth: int = 256,
        units: int = 256,
        embedding: int = 128,
        dropout: float = 0.3,
        head: int = 0,
        rules: Any = None,
        attention_units: int | None = None,
        attend_told: bool = False,
        told_once: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.head_units, self.rules, self.attention_units, self.attend_told = head, rules, attention_units, attend_told
        self.encoder_config, self.vocabulary_size, self.targets, self.grid = (
            encoder,
            vocabulary_size,
            targets,
            tuple(grid),
        )
        self.depth, self.units, self.embedding_size, self.dropout_rate = depth, units, embedding, dropout
        self.encoder = build_encoder(encoder)
        self.feature_dropout = layers.SpatialDropout1D(dropout, name="feature_dropout")
        self.feature_projection = layers.Dense(depth, name="projection")
        self.feature_norm = layers.LayerNormalization(name="projection_norm")
        # A sign looks different from the front and from the side, so each view has its own evidence. The attention
        # is zeros at first: the head starts as average pooling and learns where to look for each finding.
        self.target_attention = [
            layers.Dense(targets, kernel_initializer="zeros", name=f"target_attention_{view}") for view in VIEW_NAMES
        ]
        self.target_evidence = [layers.Dense(targets, name=f"target_evidence_{view}") for view in VIEW_NAMES]
        self.finding_head: Any = FindingHead(head, depth, VIEWS, name="finding_head") if head else None
        self.said: Any = Said(vocabulary_size, name=WORD_TABLE) if told_once else None
        readers = self._make_readers()
        self.embedding = layers.Embedding(vocabulary_size, embedding, name="embedding")
        self.embedding_dropout = layers.Dropout(dropout, name="embedding_dropout")
        cell = self._make_cell()
        self.output_dropout = layers.Dropout(dropout, name="output_dropout")
        self.output_dense = layers.Dense(vocabulary_size, name="output_dense")
        # Every weight is made now, so that a checkpoint can be read without running the network first.
        for layer, width in (
            (self.feature_projection, self.encoder.output_shape[-1] + POSITIONS),
            (self.feature_norm, depth),
            *((layer, depth) for layer in self.target_attention + self.target_evidence),
            *readers,
            cell,
            (self.output_dense, self.output_width),
        ):
            layer.build((None, width))
        self.embedding.build((None,))
        self.built = True

    def _make_readers(self) -> tuple[tuple[Any, int], ...]:
        """Make the layers that look at the image features; returns each with the width of its input."""
        raise NotImplementedError

    def _make_cell(self) -> tuple[Any, int]:
        """Make `cell`, the recurrent layer; returns it with the width of its input."""
        raise NotImplementedError

    @property
    def output_width(self) -> int:
        """Numbers that `output_dense` makes the logits from."""
        return self.units

    def encode(
        self,
        pictures: keras.KerasTensor,
        mask: keras.KerasTensor,
        training: bool = False,
        encoder: keras.Model | None = None,
    ) -> keras.KerasTensor:
        """Pictures `(B, VIEWS, rows, columns, channels)`, mask bool `(B, VIEWS)` -> image features `(B, P, depth)`."""
        return self.project(self.features(pictures, training=training, encoder=encoder), mask, training=training)

    def features(
        self, pictures: keras.KerasTensor, training: bool = False, encoder: keras.Model | None = None
    ) -> keras.KerasTensor:
        """Pictures `(B, views, rows, columns, channels)`, of any views -> `(B, views, R, C, F)`, each by itself.

        Args:
            encoder: in place of the network's own, such as `captioner.models.folding.folded` makes.
        """
        shape = ops.shape(pictures)
        flat = ops.reshape(pictures, (-1, *pictures.shape[2:]))  # (B * views, rows, columns, channels)
        features = (encoder or self.encoder)(flat, training=training)  # (B * views, R, C, F)
        return ops.reshape(features, (shape[0], shape[1], *self.grid, features.shape[-1]))  # (B, views, R, C, F)

    def project(
        self, features: keras.KerasTensor, mask: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Features `(B, VIEWS, R, C, F)`, mask bool `(B, VIEWS)` -> image features `(B, P, depth)`."""
        batch = ops.shape(features)[0]
        rows, columns = self.grid
        features = ops.reshape(features, (batch, VIEWS * rows * columns, features.shape[-1]))  # (B, P, F)
        features = self.feature_dropout(features, training=training)
        where = ops.broadcast_to(self._positions(), (batch, VIEWS * rows * columns, POSITIONS))
        projected = self.feature_projection(ops.concatenate([features, ops.cast(where, features.dtype)], axis=-1))
        return self._normalised(projected, mask)

    def projecting(self, encoder: keras.Model) -> keras.Model:
        """`encoder` with what the projection makes of its features in one, see `captioner.models.folding.projecting`:
        pictures `(N, rows, columns, channels)` -> `(N, R, C, depth)`, for `from_projected`; with the weights of now."""
        return projecting(encoder, ops.convert_to_numpy(self.feature_projection.kernel)[:-POSITIONS])

    def from_projected(self, projected: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """What `projecting` made of pictures `(B, VIEWS, R, C, depth)`, mask bool `(B, VIEWS)` -> `(B, P, depth)`, the
        image features that `project` gives."""
        rows, columns = self.grid
        where = ops.matmul(self._positions(), self.feature_projection.kernel[-POSITIONS:])  # (1, P, depth)
        projected = ops.reshape(projected, (-1, VIEWS * rows * columns, self.depth))  # (B, P, depth)
        return self._normalised(projected + where + self.feature_projection.bias, mask)

    def _normalised(self, projected: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """What the projection gave, `(B, P, depth)` -> image features of that shape, 0 where there is no picture."""
        image_features = ops.relu(self.feature_norm(projected))
        return image_features * ops.expand_dims(self._cells(mask, image_features.dtype), -1)

    def _positions(self) -> keras.KerasTensor:
        """`(1, P, 3)`: view, row and column of each cell, each from -1 to 1, so that words can name a side."""
        rows, columns = self.grid
        view, row, column = ops.meshgrid(
            ops.linspace(-1.0, 1.0, VIEWS),
            ops.linspace(-1.0, 1.0, rows),
            ops.linspace(-1.0, 1.0, columns),
            indexing="ij",
        )
        return ops.reshape(ops.stack([view, row, column], axis=-1), (1, VIEWS * rows * columns, POSITIONS))

    def _cells(self, mask: keras.KerasTensor, dtype: str = "float32") -> keras.KerasTensor:
        """Mask of the views `(B, VIEWS)` -> mask of the cells `(B, P)`, 1 where there is a picture."""
        rows, columns = self.grid
        return ops.repeat(ops.cast(mask, dtype), rows * columns, axis=1)

    def find(self, image_features: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """Logits `(B, K)` of the findings, each from its own attention over the cells that exist."""
        mask_bias = FAR_BELOW * (1.0 - self._cells(mask))  # (B, P)
        by_view = ops.split(image_features, VIEWS, axis=1)  # VIEWS times (B, P / VIEWS, depth)
        scores = ops.concatenate([layer(cells) for layer, cells in zip(self.target_attention, by_view)], axis=1)
        evidence = ops.concatenate([layer(cells) for layer, cells in zip(self.target_evidence, by_view)], axis=1)
        weights = ops.softmax(scores + ops.expand_dims(mask_bias, -1), axis=1)  # (B, P, K)
        return ops.sum(weights * evidence, axis=1)  # (B, K)

    def examine(self, image_features: keras.KerasTensor, mask: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """What the finding head says of image features `(B, P, depth)`, see `FindingHead.call`."""
        return self.finding_head(image_features, self._cells(mask), grid=self.grid)

    def freeze_findings(self, still: bool = True) -> None:
        """Let everything up to the findings keep still (or learn again), while the decoder learns to word them."""
        parts = [
            self.encoder,
            self.feature_projection,
            self.feature_norm,
            *self.target_attention,
            *self.target_evidence,
        ]
        for layer in [*parts, *([self.finding_head] if self.finding_head else [])]:
            layer.trainable = not still

    @property
    def conditions_size(self) -> int:
        """Numbers that the decoder is told of the findings; 0 when nothing."""
        return CONDITIONS if self.rules else 0

    def conditions(
        self, found: dict[str, keras.KerasTensor], given: keras.KerasTensor | None = None
    ) -> keras.KerasTensor:
        """What the decoder is told, `(B, conditions_size)`.

        Args:
            found: of `examine`.
            given: `(B, conditions_size)` to tell it instead; NaN leaves a number to the finding head.
        """
        return decide(found["presence"], found["places"], self.rules, given)

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, keras.KerasTensor]:
        """Teacher forcing.

        Args:
            inputs: dict of `pictures (B, VIEWS, rows, columns, channels)`, or what the encoder made of them,
                `features (B, VIEWS, R, C, F)`; `mask (B, VIEWS)`; and `tokens (B, T)`, the ids before each step (the
                start token first). Without `tokens`, the encoder is trained alone and only the findings come back.
                `conditions (C * B, conditions_size)` tell the decoder what the finding head would, see `conditions`.
                Several sequences per study may be given: `tokens (C * B, T)`, the first of every study, then the
                second...

        Returns:
            dict of `tokens (C * B, T, V)` logits, of a network that attends `attention (C * B, T, P)`, and of a decoder
            that is not told the findings `findings (B, K)` logits. Without `tokens`: `findings`, and of a network with
            a finding head `presence (B, N)`, `places (B, N, 4)` and `maps (B, N, P)`.
        """
        mask = inputs["mask"]
        image_features = self.image_features_of(inputs, training=training)
        # A decoder that is told the findings learns from words alone.
        answer = {} if "tokens" in inputs and self.conditions_size else {"findings": self.find(image_features, mask)}
        if "tokens" not in inputs:
            found = self.examine(image_features, mask) if self.finding_head else {}
            return answer | {name: found[name] for name in ("presence", "places", "maps") if found}
        tokens, given = inputs["tokens"], inputs.get("conditions")  # (C * B, T), (C * B, conditions_size)
        copies = ops.shape(tokens)[0] // ops.shape(image_features)[0]
        image_features, mask = (
            ops.tile(image_features, (copies, 1, 1)),
            ops.tile(mask, (copies, 1)),
        )  # (C * B, P, depth), (C * B, VIEWS)
        told = (given,) if self.conditions_size else ()
        constants, state = self.begin(image_features, mask, *told)
        logits, maps = [], []
        for step in range(tokens.shape[1]):
            output, state, attention = self.step(image_features, constants, state, tokens[:, step], training=training)
            logits.append(output)
            maps.append(attention)
        answer["tokens"] = ops.stack(logits, axis=1)  # (C * B, T, V)
        return {**answer, "attention": ops.stack(maps, axis=1)} if self.has_attention else answer  # (C * B, T, P)

    def image_features_of(self, inputs: dict[str, Any], training: bool = False) -> keras.KerasTensor:
        """The image features `(B, P, depth)` of a batch, from its pictures or from its features, see `call`."""
        if "features" in inputs:
            return self.project(inputs["features"], inputs["mask"], training=training)
        return self.encode(inputs["pictures"], inputs["mask"], training=training)

    def get_config(self) -> dict[str, Any]:
        return {
            "encoder": self.encoder_config.as_dict(),
            "vocabulary_size": self.vocabulary_size,
            "targets": self.targets,
            "grid": list(self.grid),
            "depth": self.depth,
            "units": self.units,
            "embedding": self.embedding_size,
            "dropout": self.dropout_rate,
            **{name: value for name, value in self._told_config() if value},
        }

    def _told_config(self) -> tuple[tuple[str, Any], ...]:
        """The settings that checkpoints from before them lack."""
        return (
            ("head", self.head_units),
            ("rules", self.rules),
            ("attention_units", self.attention_units),
            ("attend_told", self.attend_told),
            ("told_once", self.said is not None),
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{**config, "encoder": EncoderConfig.from_dict(config["encoder"])})
