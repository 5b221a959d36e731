"""The attention captioner: features of both views, additive attention over all their cells at once, a GRU decoder.

Show, Attend and Tell (Xu et al. 2015, arXiv 1502.03044) with the additive score of Bahdanau et al. 2015
(arXiv 1409.0473). Written in backend-neutral Keras, so that it trains with any backend.
"""

from keras import layers, ops

from captioner.models.two_views import FAR_BELOW, VIEWS, TwoViewCaptioner


class AttentionCaptioner(TwoViewCaptioner):
    """Arguments as of `TwoViewCaptioner`; `units` are the GRU's, and of the attention's hidden layer."""

    def _make_readers(self):
        self.begin_state = layers.Dense(self.units, activation="tanh", name="begin_state")
        self.attend_memory = layers.Dense(self.units, use_bias=False, name="attend_memory")
        self.attend_state = layers.Dense(self.units, name="attend_state")
        self.attend_score = layers.Dense(1, use_bias=False, name="attend_score")
        return ((self.begin_state, VIEWS * self.depth + self.targets), (self.attend_memory, self.depth),
                (self.attend_state, self.units), (self.attend_score, self.units))

    def _make_cell(self):
        self.cell = layers.GRUCell(self.units, name="gru_cell")
        return self.cell, self.depth + self.embedding_size

    @property
    def output_width(self):
        return self.units + self.depth

    def begin(self, memory, mask):
        """What decoding starts from: `(constants, state (B, units))`; constants are keys `(B, P, units)` and gone `(B, P)`."""
        cells = self._cells(mask)
        pooled = [ops.mean(view, axis=1) for view in ops.split(memory, VIEWS, axis=1)]  # VIEWS times (B, depth)
        state = self.begin_state(ops.concatenate([*pooled, ops.tanh(self.find(memory, mask))], axis=-1))
        return (self.attend_memory(memory), FAR_BELOW * (1.0 - cells)), state

    def step(self, memory, constants, state, token, training=False):
        """One step: token ids `(B,)` -> `(logits (B, V), state (B, units), attention (B, P))`.

        `memory` and `constants` may have a batch of 1 while `state` and `token` have B: hypotheses of one study.
        """
        keys, gone = constants
        hidden = ops.tanh(keys + ops.expand_dims(self.attend_state(state), 1))  # (B, P, units)
        score = ops.squeeze(self.attend_score(hidden), -1) + gone  # (B, P)
        attention = ops.softmax(score, axis=-1)
        context = ops.squeeze(ops.matmul(ops.expand_dims(attention, 1), memory), 1)  # (B, depth)
        embedded = self.embedding_dropout(self.embedding(token), training=training)  # (B, embedding)
        output, (state,) = self.cell(ops.concatenate([context, embedded], axis=-1), [state], training=training)
        output = ops.concatenate([output, context], axis=-1)
        return self.output_dense(self.output_dropout(output, training=training)), state, attention
