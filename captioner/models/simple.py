"""The simple encoder-decoder: both views pooled into one vector, an LSTM, and the sum of the two for each word.

The merging of Show and Tell's descendants (Vinyals et al. 2015, arXiv 1411.4555; "merge" in Tanti et al. 2017, arXiv
1708.02043): the pictures set the LSTM's state and are added to what it says, and nothing looks back at a place in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers, ops

from captioner.models.base import VIEWS, TwoViewCaptioner
from captioner.models.said import recalled, with_memory

if TYPE_CHECKING:
    import keras


class SimpleCaptioner(TwoViewCaptioner):
    """Arguments as of `TwoViewCaptioner`; `units` are the LSTM's. Its state is h beside c, `(B, 2 * units)`."""

    has_attention = False

    def _make_readers(self) -> tuple[tuple[Any, int], ...]:
        self.picture_vector = layers.Dense(self.units, activation="relu", name="picture_vector")
        self.begin_state = layers.Dense(2 * self.units, activation="tanh", name="begin_state")
        return (self.picture_vector, VIEWS * self.depth), (self.begin_state, self.units + self.conditions_size)

    def _make_cell(self) -> tuple[Any, int]:
        self.cell = layers.LSTMCell(self.units, name="lstm_cell")
        return self.cell, self.embedding_size + self.conditions_size

    @property
    def output_width(self) -> int:
        return self.units + self.conditions_size

    def begin(
        self, image_features: keras.KerasTensor, mask: keras.KerasTensor, given: keras.KerasTensor | None = None
    ) -> tuple[tuple[keras.KerasTensor, ...], keras.KerasTensor]:
        """What decoding starts from: `((picture (B, units),), state (B, 2 * units))`.

        A decoder that is told the findings has what it is told, `(B, conditions_size)`, as a second constant; `given`
        takes its place, see `conditions`.
        """
        # A missing view's cells are zeros in the image features, so its part of the vector is zeros too.
        pooled = [ops.mean(view, axis=1) for view in ops.split(image_features, VIEWS, axis=1)]  # VIEWS times (B, depth)
        picture = self.picture_vector(ops.concatenate(pooled, axis=-1))  # (B, units)
        if not self.conditions_size:
            return (picture,), self.begin_state(picture)
        told = self.conditions(self.examine(image_features, mask), given)
        return (picture, told), with_memory(self.said, self.begin_state(ops.concatenate([picture, told], axis=-1)))

    def told(self, constants: tuple[keras.KerasTensor, ...]) -> keras.KerasTensor | None:
        """As of `captioner.models.attention.AttentionCaptioner.told`."""
        return constants[1] if self.conditions_size else None

    def step(
        self,
        image_features: keras.KerasTensor,
        constants: tuple[keras.KerasTensor, ...],
        state: keras.KerasTensor,
        token: keras.KerasTensor,
        training: bool = False,
    ) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
        """One step: token ids `(B,)` -> `(logits (B, V), state (B, 2 * units), attention (B, 0))`.

        `constants` may have a batch of 1 while `state` and `token` have B: hypotheses of one study. The state is
        followed by what has been said, where the network keeps it.
        """
        picture, *told = constants
        told, state, memory = recalled(self.said, told, state, token)
        embedded = self.embedding_dropout(self.embedding(token), training=training)  # (B, embedding)
        embedded = ops.concatenate([embedded, *told], axis=-1)
        output, (hidden, carry) = self.cell(
            embedded, ops.split(state, 2, axis=-1), training=training
        )  # (B, units) each
        output = self.output_dropout(output + picture, training=training)
        output = ops.concatenate([output, *told], axis=-1)
        nowhere = ops.zeros((ops.shape(state)[0], 0), output.dtype)  # (B, 0)
        return self.output_dense(output), ops.concatenate([hidden, carry, *memory], axis=-1), nowhere
