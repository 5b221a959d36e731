"""The simple encoder-decoder: both views pooled into one vector of the pictures, an LSTM, and the two added for each word.

The merging of Show and Tell's descendants (Vinyals et al. 2015, arXiv 1411.4555; "merge" in Tanti et al. 2017, arXiv
1708.02043): the pictures set the LSTM's state and are added to what it says, and nothing looks back at a place in them.
"""

from keras import layers, ops

from captioner.models.two_views import VIEWS, TwoViewCaptioner


class SimpleCaptioner(TwoViewCaptioner):
    """Arguments as of `TwoViewCaptioner`; `units` are the LSTM's. Its state is h beside c, `(B, 2 * units)`."""

    has_attention = False

    def _make_readers(self):
        self.picture_vector = layers.Dense(self.units, activation="relu", name="picture_vector")
        self.begin_state = layers.Dense(2 * self.units, activation="tanh", name="begin_state")
        return (self.picture_vector, VIEWS * self.depth), (self.begin_state, self.units)

    def _make_cell(self):
        self.cell = layers.LSTMCell(self.units, name="lstm_cell")
        return self.cell, self.embedding_size

    def begin(self, memory, mask):
        """What decoding starts from: `((picture (B, units),), state (B, 2 * units))`."""
        # A missing view's cells are zeros in the memory, so its part of the vector is zeros too.
        pooled = [ops.mean(view, axis=1) for view in ops.split(memory, VIEWS, axis=1)]  # VIEWS times (B, depth)
        picture = self.picture_vector(ops.concatenate(pooled, axis=-1))  # (B, units)
        return (picture,), self.begin_state(picture)

    def step(self, memory, constants, state, token, training=False):
        """One step: token ids `(B,)` -> `(logits (B, V), state (B, 2 * units), attention (B, 0))`.

        `constants` may have a batch of 1 while `state` and `token` have B: hypotheses of one study.
        """
        (picture,) = constants
        embedded = self.embedding_dropout(self.embedding(token), training=training)  # (B, embedding)
        output, (hidden, carry) = self.cell(embedded, ops.split(state, 2, axis=-1), training=training)  # (B, units) each
        output = self.output_dropout(output + picture, training=training)
        nowhere = ops.zeros((ops.shape(state)[0], 0), output.dtype)  # (B, 0)
        return self.output_dense(output), ops.concatenate([hidden, carry], axis=-1), nowhere
