"""The attention captioner: features of both views, additive attention over all their cells at once, a GRU decoder.

Show, Attend and Tell (Xu et al. 2015, arXiv 1502.03044) with the additive score of Bahdanau et al. 2015
(arXiv 1409.0473). Written in backend-neutral Keras, so that it trains with any backend. The score is not Keras'
`AdditiveAttention`, which projects nothing: here the keys are projected once per study and shared by its hypotheses,
and what the decoder is told of the findings adds to the score before the softmax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers, ops

from captioner.models.base import FAR_BELOW, VIEWS, TwoViewCaptioner
from captioner.models.said import recalled, with_memory
from captioner.reports.findings import FINDINGS

if TYPE_CHECKING:
    import keras


class AttentionCaptioner(TwoViewCaptioner):
    """Arguments as of `TwoViewCaptioner`; `units` are the GRU's."""

    def _make_readers(self) -> tuple[tuple[Any, int], ...]:
        hidden = self.attention_units or self.units
        self.begin_state = layers.Dense(self.units, activation="tanh", name="begin_state")
        self.attend_memory = layers.Dense(hidden, use_bias=False, name="attend_memory")
        self.attend_state = layers.Dense(hidden, name="attend_state")
        self.attend_score = layers.Dense(1, use_bias=False, name="attend_score")
        made: tuple[tuple[Any, int], ...] = (
            (self.begin_state, VIEWS * self.depth + (self.conditions_size or self.targets)),
            (self.attend_memory, self.depth),
            (self.attend_state, self.units),
            (self.attend_score, hidden),
        )
        if not self.conditions_size:
            return made
        # How far a word looks where the head found each finding. Zeros at first: the attention starts as its own.
        self.attend_findings = layers.Dense(len(FINDINGS), kernel_initializer="zeros", name="attend_findings")
        made = (*made, (self.attend_findings, self.units))
        if not self.attend_told:
            return made
        # And how far because it is told that the finding is there: ones at first, its evidence counts as it is.
        self.attend_stated = layers.EinsumDense(
            "bn,n->bn", len(FINDINGS), kernel_initializer="ones", name="attend_stated"
        )
        return (*made, (self.attend_stated, len(FINDINGS)))

    def _make_cell(self) -> tuple[Any, int]:
        self.cell = layers.GRUCell(self.units, name="gru_cell")
        return self.cell, self.depth + self.embedding_size + self.conditions_size

    @property
    def output_width(self) -> int:
        return self.units + self.depth + self.conditions_size

    # Whether what the decoder reads is more than the image features, and a constant of its own.
    reads_context = False

    def read(self, image_features: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """What the decoder attends to, `(B, P, depth)`: here the image features themselves."""
        return image_features

    def begin(
        self, image_features: keras.KerasTensor, mask: keras.KerasTensor, given: keras.KerasTensor | None = None
    ) -> tuple[tuple[keras.KerasTensor, ...], keras.KerasTensor]:
        """What decoding starts from: `(constants, state (B, units))`.

        The constants are keys `(B, P, H)` and mask_bias `(B, P)`; of a decoder that is told the findings also what it
        is told, `(B, conditions_size)`, and the finding head's scores `(B, P, N)`.

        Args:
            given: what to tell the decoder instead of what the head found, see `conditions`.
        """
        cells = self._cells(mask)
        read = self.read(image_features, mask)
        pooled = [ops.mean(view, axis=1) for view in ops.split(read, VIEWS, axis=1)]  # VIEWS times (B, depth)
        constants = (self.attend_memory(read), FAR_BELOW * (1.0 - cells))
        if not self.conditions_size:
            state = self.begin_state(ops.concatenate([*pooled, ops.tanh(self.find(image_features, mask))], axis=-1))
            return constants, state
        found = self.examine(image_features, mask)
        told = self.conditions(found, given)
        scores = found["scores"] * ops.expand_dims(cells, -1)  # (B, P, N); a missing view is left to mask_bias
        constants = (*constants, told, scores, *((read,) if self.reads_context else ()))
        return constants, with_memory(self.said, self.begin_state(ops.concatenate([*pooled, told], axis=-1)))

    def told(self, constants: tuple[keras.KerasTensor, ...]) -> keras.KerasTensor | None:
        """What the decoder is told, `(B, conditions_size)`, out of what `begin` gave; None when nothing."""
        return constants[2] if self.conditions_size else None

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
        study. The state is followed by what has been said, where the network keeps it.
        """
        keys, mask_bias, *findings = constants
        read = findings[2] if findings and self.reads_context else image_features
        told, state, memory = recalled(self.said, findings[:1], state, token)
        hidden = ops.tanh(keys + ops.expand_dims(self.attend_state(state), 1))  # (B, P, H)
        score = ops.squeeze(self.attend_score(hidden), -1) + mask_bias  # (B, P)
        embedded = self.embedding_dropout(self.embedding(token), training=training)  # (B, embedding)
        if findings:
            interest = self.attend_findings(state)  # (B, N)
            if self.attend_told:
                stated = ops.reshape(told[0], (-1, len(FINDINGS), self.conditions_size // len(FINDINGS)))[..., 0]
                interest = interest + self.attend_stated(stated)
            score = score + ops.squeeze(ops.matmul(findings[1], ops.expand_dims(interest, -1)), -1)
        attention = ops.softmax(score, axis=-1)
        context = ops.squeeze(ops.matmul(ops.expand_dims(attention, 1), read), 1)  # (B, depth)
        output, (state,) = self.cell(ops.concatenate([context, embedded, *told], axis=-1), [state], training=training)
        output = self.output_dropout(ops.concatenate([output, context], axis=-1), training=training)
        logits = self.output_dense(ops.concatenate([output, *told], axis=-1))
        return logits, ops.concatenate([state, *memory], axis=-1), attention
