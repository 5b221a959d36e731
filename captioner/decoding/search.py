"""Greedy and beam search inside one TensorFlow graph.

Greedy search is beam search of width 1. The beam is the shrinking one of Show, Attend and Tell (Xu et al. 2015): the
likeliest continuations of the hypotheses that are still open fill the places that are left; one that ends keeps its
place. Ranked at the end by log probability over length to the power of a penalty (Wu et al. 2016, arXiv 1609.08144,
without the constant). The hypotheses of a study share its image features, which are never copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.decoding.forcing import TeacherForcing
from captioner.decoding.hypotheses import ALTERNATIVE_FIELDS, ALTERNATIVES, FAR_BELOW, Sequence, Trace, ranked
from captioner.decoding.sentence_rules import SentenceRules
from captioner.models.graph import graph

if TYPE_CHECKING:
    import keras

    from captioner.vocabulary import Vocabulary

KEPT = 1e6  # lifts a finished hypothesis over every open one, so that it keeps its place


class Decoder(TeacherForcing):
    """Searches with one network, and forces given texts on it; builds its graphs once, for every width and length.

    Args:
        network: one of `captioner.models`.
        vocabulary: Vocabulary; padding, start and the unknown token are never chosen.
        rules: SentenceRules; what they bar is not chosen, and its probability stays the network's own. None: no rules.
        says_what_it_is_told: whether the rules see to it that a decoder which is told what to state states that and
            nothing else, see `captioner.decoding.sentence_rules`.
    """

    def __init__(
        self,
        network: keras.Model,
        vocabulary: Vocabulary,
        rules: SentenceRules | None = None,
        says_what_it_is_told: bool = False,
    ) -> None:
        super().__init__(network, vocabulary, rules, says_what_it_is_told)
        integer, prefix = tf.TensorSpec((), tf.int32), tf.TensorSpec((None,), tf.int32)
        image_features, mask = tf.TensorSpec((1, None, None), tf.float32), tf.TensorSpec((1, None), tf.bool)
        self._search = graph(self.search_graph, [image_features, mask, integer, integer, self._given, prefix])

    def search(
        self,
        image_features: tf.Tensor,
        mask: tf.Tensor,
        width: int = 1,
        steps: int = 40,
        length_penalty: float = 0.0,
        given: npt.ArrayLike | None = None,
        prefix: npt.ArrayLike = (),
    ) -> tuple[Sequence, ...]:
        """The ranked hypotheses of one study.

        Args:
            image_features: float32 `(1, P, depth)`.
            mask: bool `(1, views)`.
            width: hypotheses kept, at least 1.
            steps: most tokens of a hypothesis, the end token among them.
            length_penalty: see `Sequence.score`.
            given: float32 `(1, conditions_size)`, what to tell the decoder instead of what the finding head found, NaN
                where it is left to the head; None leaves all to it.
            prefix: int `(n,)`, the tokens that every hypothesis begins with, n at most `steps`. They are forced,
                whatever the rules for sentences say of them, with the network's own log probabilities, as in `force`.

        Returns:
            tuple of Sequence, best score first, at most `width` of them.
        """
        return self.ranked(self.trace(image_features, mask, width, steps, given, prefix), length_penalty)

    def ranked(self, trace: Trace, length_penalty: float) -> tuple[Sequence, ...]:
        """The hypotheses that a search left, best score first."""
        return ranked(trace, length_penalty, self.vocabulary.end)

    def trace(
        self,
        image_features: tf.Tensor,
        mask: tf.Tensor,
        width: int,
        steps: int,
        given: npt.ArrayLike | None = None,
        prefix: npt.ArrayLike = (),
    ) -> Trace:
        """The search itself, as a Trace."""
        given = self._nothing_given if given is None else given
        counts = (tf.constant(width, tf.int32), tf.constant(steps, tf.int32))
        found = self._search(image_features, mask, *counts, given, np.asarray(prefix, np.int32))
        return Trace(**{name: value.numpy() for name, value in found.items()})

    def search_graph(
        self,
        image_features: tf.Tensor,
        mask: tf.Tensor,
        width: tf.Tensor,
        steps: tf.Tensor,
        given: tf.Tensor | None = None,
        prefix: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """The search of one study in a graph: arguments as of `search`, all tensors; a dict of the fields of Trace."""
        network, vocabulary = self.network, self.vocabulary
        # One token more than the prefix has, so that there is one to read when it is over.
        forced = None if prefix is None else tf.concat([prefix, [vocabulary.pad]], 0)  # (n + 1,)
        constants, state = self._begin(image_features, mask, given)  # (1, units)
        state = tf.repeat(state, width, axis=0)  # (W, units)
        token = tf.fill([width], vocabulary.start)  # (W,)
        # Only the first place is open at first: the others would be copies of it.
        total = tf.concat([[0.0], tf.fill([width - 1], FAR_BELOW)], 0)  # (W,)
        ended = tf.zeros([width], tf.bool)  # (W,)
        arrays = [
            tf.TensorArray(dtype, size=0, dynamic_size=True, element_shape=shape)
            for dtype, shape in (
                (tf.int32, [None]),
                (tf.int32, [None]),
                (tf.float32, [None]),
                (tf.bool, [None]),
                (tf.int32, [None, ALTERNATIVES]),
                (tf.float32, [None, ALTERNATIVES]),
                (tf.bool, [None, ALTERNATIVES]),
                (tf.float32, [None, None]),
            )
        ]
        units, size = state.shape[-1], len(vocabulary)
        # What the rules for sentences know of each hypothesis.
        ruled = self.rules.start(width, self._to_state(constants)) if self.rules else ()

        def going_on(
            step: tf.Tensor,
            state: tf.Tensor,
            token: tf.Tensor,
            total: tf.Tensor,
            ended: tf.Tensor,
            ruled: Any,
            *arrays: Any,
        ) -> tf.Tensor:
            return tf.logical_and(step < steps, tf.logical_not(tf.reduce_all(ended)))

        def advance(
            step: tf.Tensor,
            state: tf.Tensor,
            token: tf.Tensor,
            total: tf.Tensor,
            ended: tf.Tensor,
            ruled: Any,
            *arrays: Any,
        ) -> tuple[Any, ...]:
            logits, state, attention = network.step(image_features, constants, state, token)
            log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # (W, V)
            allowed = log_probs + self._forbidden
            best_log_probs, best = tf.math.top_k(allowed, ALTERNATIVES)  # (W, A)
            best_barred = tf.zeros_like(best, tf.bool)  # (W, A)
            if self.rules:
                barred = self.rules.barred(ruled, steps - step)  # (W, V)
                best_barred = tf.gather(barred, best, batch_dims=1)
                # Further below than padding, which then fills the places that no continuation takes.
                allowed += tf.where(barred, 2 * FAR_BELOW, 0.0)
            if forced is not None:
                count = tf.shape(forced)[0] - 1
                this = tf.one_hot(forced[tf.minimum(step, count)], size, on_value=True, off_value=False)  # (V,)
                allowed = tf.where(step < count, tf.where(this[None], log_probs, 2 * FAR_BELOW), allowed)
            # A finished hypothesis has one continuation, padding at no cost, and is lifted over the open ones.
            padding = tf.one_hot(vocabulary.pad, size, on_value=KEPT, off_value=FAR_BELOW)  # (V,)
            candidates = total[:, None] + tf.where(ended[:, None], padding[None], allowed)  # (W, V)
            chosen_totals, chosen = tf.math.top_k(tf.reshape(candidates, [-1]), width)  # (W,)
            parent, token = chosen // size, chosen % size  # (W,), (W,)
            was_ended = tf.gather(ended, parent)
            # A finished total is taken from before it was lifted: float32 would lose its decimals up there.
            kept = tf.logical_and(was_ended, chosen_totals > FAR_BELOW / 10)
            total = tf.where(kept, tf.gather(total, parent), tf.maximum(chosen_totals, FAR_BELOW))  # (W,)
            token_log_prob = tf.where(was_ended, 0.0, tf.gather_nd(log_probs, tf.stack([parent, token], 1)))
            values = (
                token,
                parent,
                token_log_prob,
                was_ended,
                tf.gather(best, parent),
                tf.gather(best_log_probs, parent),
                tf.gather(best_barred, parent),
                tf.gather(attention, parent),
            )
            written = [array.write(step, value) for array, value in zip(arrays, values)]
            ended = tf.logical_or(was_ended, tf.equal(token, vocabulary.end))
            if self.rules:
                ruled = self.rules.advance(ruled, parent, token)
            return (step + 1, tf.gather(state, parent), token, total, ended, ruled, *written)

        _, _, _, total, _, _, *arrays = tf.while_loop(
            going_on,
            advance,
            (tf.constant(0), state, token, total, ended, ruled, *arrays),
            shape_invariants=(
                tf.TensorShape([]),
                tf.TensorShape([None, units]),
                tf.TensorShape([None]),
                tf.TensorShape([None]),
                tf.TensorShape([None]),
                self.rules.shapes() if self.rules else (),
                *[tf.TensorShape(None)] * len(arrays),
            ),
        )
        names = ("tokens", "parents", "log_probs", "ended", *ALTERNATIVE_FIELDS, "attention")
        return {**{name: array.stack() for name, array in zip(names, arrays)}, "totals": total}
