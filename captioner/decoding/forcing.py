"""Teacher forcing: how likely a given text is, word by word, in a graph that can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.decoding.hypotheses import ALTERNATIVE_FIELDS, ALTERNATIVES, FAR_BELOW, Sequence
from captioner.decoding.sentence_rules import SentenceRules, State
from captioner.models.graph import graph
from captioner.reports.findings import FINDINGS

if TYPE_CHECKING:
    import keras

    from captioner.vocabulary import Vocabulary


class TeacherForcing:
    """Steps through given texts with one network; builds its graph once, for every length.

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
        self.network, self.vocabulary, self.rules = network, vocabulary, rules
        self.says_what_it_is_told = says_what_it_is_told
        self._forbidden = tf.constant(
            [FAR_BELOW if token in vocabulary.forbidden_ids else 0.0 for token in range(len(vocabulary))], tf.float32
        )  # (V,)
        self.conditions_size = getattr(network, "conditions_size", 0)
        self._given = tf.TensorSpec((1, self.conditions_size), tf.float32)
        self._force = graph(
            self.force_graph,
            [
                tf.TensorSpec((None, None, None), tf.float32),
                tf.TensorSpec((None, None), tf.bool),
                tf.TensorSpec((None,), tf.int32),
                self._given,
            ],
        )

    @property
    def _nothing_given(self) -> tf.Tensor:
        return tf.fill([1, self.conditions_size], np.float32(np.nan))

    def force(
        self,
        image_features: tf.Tensor,
        mask: tf.Tensor,
        tokens: npt.ArrayLike,
        given: npt.ArrayLike | None = None,
    ) -> Sequence:
        """Teacher forcing of `tokens` (ids, the end token last) on one study, as a Sequence with score 0 penalty."""
        tokens, given = np.asarray(tokens, np.int32), self._nothing_given if given is None else given
        found = {name: value.numpy()[:, 0] for name, value in self._force(image_features, mask, tokens, given).items()}
        return Sequence(
            tokens=tokens,
            ended=bool(len(tokens)) and int(tokens[-1]) == self.vocabulary.end,
            score=float(found["log_probs"].sum()),
            **found,
        )

    def _begin(
        self, image_features: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None
    ) -> tuple[tuple[tf.Tensor, ...], tf.Tensor]:
        """`network.begin`, which is given conditions where the network has any."""
        told = (given,) if self.conditions_size else ()
        return self.network.begin(image_features, mask, *told)

    def _to_state(self, constants: tuple[tf.Tensor, ...]) -> tf.Tensor | None:
        """What the decoder is told, bool `(13, 5)`; None where it may state what it likes."""
        if not (self.says_what_it_is_told and self.conditions_size):
            return None
        return tf.reshape(self.network.told(constants)[0], [len(FINDINGS), -1]) > 0.5

    def force_graph(
        self, image_features: tf.Tensor, mask: tf.Tensor, tokens: tf.Tensor, given: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        """Teacher forcing in a graph, differentiable: N image features of the same or of altered studies, one text.

        Args:
            image_features: float32 `(N, P, depth)`.
            mask: bool `(N, views)`.
            tokens: int32 `(T,)`.
            given: as of `search`, of all N alike.

        Returns:
            dict of `log_probs (T, N)` of the tokens, `alternatives`, `alternative_log_probs` and `alternatives_barred
            (T, N, A)` and `attention (T, N, P)`.
        """
        barred = self._barred_along(tokens, self._begin(image_features[:1], mask[:1], given)[0])  # (T, V)

        def record(step: tf.Tensor, log_probs: tf.Tensor, attention: tf.Tensor) -> tuple[tf.Tensor, ...]:
            best_log_probs, best = tf.math.top_k(log_probs + self._forbidden, ALTERNATIVES)  # (N, A)
            best_barred = tf.gather(barred[step], best)
            return tf.gather(log_probs, tokens[step], axis=1), best, best_log_probs, best_barred, attention

        names = ("log_probs", *ALTERNATIVE_FIELDS, "attention")
        dtypes = (tf.float32, tf.int32, tf.float32, tf.bool, tf.float32)
        return dict(zip(names, self._forced(image_features, mask, tokens, record, dtypes, given)))

    def _barred_along(self, tokens: tf.Tensor, constants: tuple[tf.Tensor, ...] = ()) -> tf.Tensor:
        """Which tokens the rules bar at each step of a text `tokens (T,)`, whatever its length: bool `(T, V)`."""
        steps = tf.shape(tokens)[0]
        rules = self.rules
        if rules is None:
            return tf.zeros([steps, len(self.vocabulary)], tf.bool)
        far = tf.constant(1 << 30)  # steps that remain: a text that is given has no limit

        def advance(step: tf.Tensor, ruled: State, array: tf.TensorArray) -> tuple[Any, ...]:
            array = array.write(step, rules.barred(ruled, far)[0])
            return step + 1, rules.advance(ruled, tf.constant([0]), tokens[step : step + 1]), array

        *_, array = tf.while_loop(
            lambda step, *_: step < steps,
            advance,
            (tf.constant(0), rules.start(1, self._to_state(constants)), tf.TensorArray(tf.bool, size=steps)),
            shape_invariants=(tf.TensorShape([]), rules.shapes(), tf.TensorShape(None)),
        )
        return array.stack()

    def explained_graph(
        self,
        image_features: tf.Tensor,
        mask: tf.Tensor,
        tokens: tf.Tensor,
        against: tf.Tensor,
        given: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """What explanations explain, in a graph and differentiable; the other arguments as in `force_graph`.

        Args:
            against: int32 `(T,)`, the token that each is compared with, or -1.

        Returns:
            float32 `(T, N)`: log p(token), or log p(token) - log p(against).
        """

        def record(step: tf.Tensor, log_probs: tf.Tensor, attention: tf.Tensor) -> tuple[tf.Tensor, ...]:
            other = tf.where(against[step] < 0, 0.0, tf.gather(log_probs, tf.maximum(against[step], 0), axis=1))
            return (tf.gather(log_probs, tokens[step], axis=1) - other,)

        return self._forced(image_features, mask, tokens, record, (tf.float32,), given)[0]

    def _forced(
        self,
        image_features: tf.Tensor,
        mask: tf.Tensor,
        tokens: tf.Tensor,
        record: Callable[..., tuple[tf.Tensor, ...]],
        dtypes: tuple[Any, ...],
        given: tf.Tensor | None,
    ) -> list[tf.Tensor]:
        """Step through `tokens` with N image features; keeps `record(step, log_probs (N, V), attention (N, P))`.

        Returns:
            list of tensors `(T, ...)` of `dtypes`, one for each value of `record`.
        """
        network = self.network
        constants, state = self._begin(image_features, mask, given)  # state (N, units)
        batch, units, steps = tf.shape(image_features)[0], state.shape[-1], tf.shape(tokens)[0]
        arrays = [tf.TensorArray(dtype, size=steps) for dtype in dtypes]
        before = tf.concat([[self.vocabulary.start], tokens[:-1]], 0)  # (T,)

        def going_on(step: tf.Tensor, state: tf.Tensor, *arrays: Any) -> tf.Tensor:
            return step < steps

        def advance(step: tf.Tensor, state: tf.Tensor, *arrays: Any) -> tuple[Any, ...]:
            logits, state, attention = network.step(image_features, constants, state, tf.fill([batch], before[step]))
            log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # (N, V)
            values = record(step, log_probs, attention)
            return (step + 1, state, *[array.write(step, value) for array, value in zip(arrays, values)])

        _, _, *arrays = tf.while_loop(
            going_on,
            advance,
            (tf.constant(0), state, *arrays),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, units]), *[tf.TensorShape(None)] * len(arrays)),
        )
        return [array.stack() for array in arrays]
