"""Greedy and beam search inside one TensorFlow graph, and teacher forcing of a given text.

Greedy search is beam search of width 1. The beam is the shrinking one of Show, Attend and Tell (Xu et al. 2015): the
likeliest continuations of the hypotheses that are still open fill the places that are left; one that ends keeps its
place. Ranked at the end by log probability over length to the power of a penalty (Wu et al. 2016, arXiv 1609.08144,
without the constant). The hypotheses of a study share its memory, which is never copied.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

ALTERNATIVES = 5
FAR_BELOW = -1e9
KEPT = 1e6  # lifts a finished hypothesis over every open one, so that it keeps its place


@dataclass(frozen=True)
class Trace:
    """What a search leaves behind, steps first. W hypotheses, T steps taken, A alternatives, P cells.

    Attributes:
        tokens: int32 `(T, W)`, the token that each place of the beam took.
        parents: int32 `(T, W)`, the place of the step before that it continues.
        log_probs: float32 `(T, W)`, the log probability of that token.
        ended: bool `(T, W)`, whether the place held a finished hypothesis before this step (its token is padding).
        totals: float32 `(W,)`, log probability of each final hypothesis; below -1e8 where the beam was never filled.
        alternatives: int32 `(T, W, A)`, the likeliest tokens; alternative_log_probs: float32 alike.
        attention: float32 `(T, W, P)`.
    """

    tokens: np.ndarray
    parents: np.ndarray
    log_probs: np.ndarray
    ended: np.ndarray
    totals: np.ndarray
    alternatives: np.ndarray
    alternative_log_probs: np.ndarray
    attention: np.ndarray


@dataclass(frozen=True)
class Sequence:
    """One hypothesis of a search, or a forced text. n tokens, the end token among them when it ended.

    Attributes:
        tokens: int `(n,)`.
        log_probs: float32 `(n,)`.
        alternatives, alternative_log_probs: `(n, A)`.
        attention: float32 `(n, P)`.
        ended: whether the last token is the end token.
        score: log probability over `n ** length_penalty`.
    """

    tokens: np.ndarray
    log_probs: np.ndarray
    alternatives: np.ndarray
    alternative_log_probs: np.ndarray
    attention: np.ndarray
    ended: bool
    score: float


class Decoder:
    """Searches with one network; builds its graphs once, for every width and length.

    Args:
        network: one of `captioner.models`.
        vocabulary: Vocabulary; padding, start and the unknown token are never chosen.
    """

    def __init__(self, network, vocabulary):
        self.network, self.vocabulary = network, vocabulary
        self._never = tf.constant(
            [FAR_BELOW if token in vocabulary.never else 0.0 for token in range(len(vocabulary))], tf.float32)  # (V,)
        integer = tf.TensorSpec((), tf.int32)
        memory, mask = tf.TensorSpec((1, None, None), tf.float32), tf.TensorSpec((1, None), tf.bool)
        self._search = tf.function(self.search_graph, input_signature=[memory, mask, integer, integer])
        self._force = tf.function(self.force_graph, input_signature=[
            tf.TensorSpec((None, None, None), tf.float32), tf.TensorSpec((None, None), tf.bool),
            tf.TensorSpec((None,), tf.int32)])

    def search(self, memory, mask, width=1, steps=40, length_penalty=0.0):
        """The ranked hypotheses of one study.

        Args:
            memory: float32 `(1, P, depth)`.
            mask: bool `(1, views)`.
            width: hypotheses kept, at least 1.
            steps: most tokens of a hypothesis, the end token among them.
            length_penalty: see `Sequence.score`.

        Returns:
            tuple of Sequence, best score first, at most `width` of them.
        """
        trace = self.trace(memory, mask, width, steps)
        sequences = [self._walk_back(trace, place, length_penalty) for place in range(len(trace.totals))
                     if trace.totals[place] > FAR_BELOW / 10]
        return tuple(sorted(sequences, key=lambda sequence: -sequence.score))

    def trace(self, memory, mask, width, steps):
        """The search itself, as a Trace."""
        found = self._search(memory, mask, tf.constant(width, tf.int32), tf.constant(steps, tf.int32))
        return Trace(**{name: value.numpy() for name, value in found.items()})

    def force(self, memory, mask, tokens):
        """Teacher forcing of `tokens` (ids, the end token last) on one study, as a Sequence with score 0 penalty."""
        tokens = np.asarray(tokens, np.int32)
        found = {name: value.numpy()[:, 0] for name, value in self._force(memory, mask, tokens).items()}
        return Sequence(tokens=tokens, ended=bool(len(tokens)) and int(tokens[-1]) == self.vocabulary.end,
                        score=float(found["log_probs"].sum()), **found)

    def search_graph(self, memory, mask, width, steps):
        """The search of one study in a graph: arguments as of `search`, all tensors; a dict of the fields of Trace."""
        network, vocabulary = self.network, self.vocabulary
        constants, state = network.begin(memory, mask)  # (1, units)
        state = tf.repeat(state, width, axis=0)  # (W, units)
        token = tf.fill([width], vocabulary.start)  # (W,)
        # Only the first place is open at first: the others would be copies of it.
        total = tf.concat([[0.0], tf.fill([width - 1], FAR_BELOW)], 0)  # (W,)
        ended = tf.zeros([width], tf.bool)  # (W,)
        arrays = [tf.TensorArray(dtype, size=0, dynamic_size=True, element_shape=shape) for dtype, shape in (
            (tf.int32, [None]), (tf.int32, [None]), (tf.float32, [None]), (tf.bool, [None]),
            (tf.int32, [None, ALTERNATIVES]), (tf.float32, [None, ALTERNATIVES]), (tf.float32, [None, None]))]
        units, size = state.shape[-1], len(vocabulary)

        def going_on(step, state, token, total, ended, *arrays):
            return tf.logical_and(step < steps, tf.logical_not(tf.reduce_all(ended)))

        def advance(step, state, token, total, ended, *arrays):
            logits, state, attention = network.step(memory, constants, state, token)
            log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # (W, V)
            allowed = log_probs + self._never
            best_log_probs, best = tf.math.top_k(allowed, ALTERNATIVES)  # (W, A)
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
            values = (token, parent, token_log_prob, was_ended, tf.gather(best, parent),
                      tf.gather(best_log_probs, parent), tf.gather(attention, parent))
            arrays = [array.write(step, value) for array, value in zip(arrays, values)]
            ended = tf.logical_or(was_ended, tf.equal(token, vocabulary.end))
            return (step + 1, tf.gather(state, parent), token, total, ended, *arrays)

        _, _, _, total, _, *arrays = tf.while_loop(
            going_on, advance, (tf.constant(0), state, token, total, ended, *arrays),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, units]), tf.TensorShape([None]),
                              tf.TensorShape([None]), tf.TensorShape([None]), *[tf.TensorShape(None)] * len(arrays)))
        names = ("tokens", "parents", "log_probs", "ended", "alternatives", "alternative_log_probs", "attention")
        return {**{name: array.stack() for name, array in zip(names, arrays)}, "totals": total}

    def force_graph(self, memory, mask, tokens):
        """Teacher forcing in a graph, differentiable: N memories of the same or of altered studies, one text.

        Args:
            memory: float32 `(N, P, depth)`.
            mask: bool `(N, views)`.
            tokens: int32 `(T,)`.

        Returns:
            dict of `log_probs (T, N)` of the tokens, `alternatives` and `alternative_log_probs (T, N, A)` and
            `attention (T, N, P)`.
        """
        def record(step, log_probs, attention):
            best_log_probs, best = tf.math.top_k(log_probs + self._never, ALTERNATIVES)  # (N, A)
            return tf.gather(log_probs, tokens[step], axis=1), best, best_log_probs, attention

        names = ("log_probs", "alternatives", "alternative_log_probs", "attention")
        kept = self._forced(memory, mask, tokens, record, (tf.float32, tf.int32, tf.float32, tf.float32))
        return dict(zip(names, kept))

    def targets_graph(self, memory, mask, tokens, against):
        """What explanations explain, in a graph and differentiable: `memory`, `mask` and `tokens` as of `force_graph`.

        Args:
            against: int32 `(T,)`, the token that each is compared with, or -1.

        Returns:
            float32 `(T, N)`: log p(token), or log p(token) - log p(against).
        """
        def record(step, log_probs, attention):
            other = tf.where(against[step] < 0, 0.0, tf.gather(log_probs, tf.maximum(against[step], 0), axis=1))
            return (tf.gather(log_probs, tokens[step], axis=1) - other,)

        return self._forced(memory, mask, tokens, record, (tf.float32,))[0]

    def _forced(self, memory, mask, tokens, record, dtypes):
        """Step through `tokens` with N memories, keeping what `record(step, log_probs (N, V), attention (N, P))` gives.

        Returns:
            list of tensors `(T, ...)` of `dtypes`, one for each value of `record`.
        """
        network = self.network
        constants, state = network.begin(memory, mask)  # state (N, units)
        batch, units, steps = tf.shape(memory)[0], state.shape[-1], tf.shape(tokens)[0]
        arrays = [tf.TensorArray(dtype, size=steps) for dtype in dtypes]
        before = tf.concat([[self.vocabulary.start], tokens[:-1]], 0)  # (T,)

        def going_on(step, state, *arrays):
            return step < steps

        def advance(step, state, *arrays):
            logits, state, attention = network.step(memory, constants, state, tf.fill([batch], before[step]))
            log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # (N, V)
            values = record(step, log_probs, attention)
            return (step + 1, state, *[array.write(step, value) for array, value in zip(arrays, values)])

        _, _, *arrays = tf.while_loop(
            going_on, advance, (tf.constant(0), state, *arrays),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, units]), *[tf.TensorShape(None)] * len(arrays)))
        return [array.stack() for array in arrays]

    def _walk_back(self, trace, place, length_penalty):
        """The hypothesis that ends at `place` of the last step, followed back to its first token."""
        path = []
        for step in range(len(trace.tokens) - 1, -1, -1):
            if not trace.ended[step, place]:
                path.append((step, place))
            place = trace.parents[step, place]
        rows, columns = np.array(path[::-1]).T
        tokens, log_probs = trace.tokens[rows, columns], trace.log_probs[rows, columns]
        total = float(log_probs.sum())
        return Sequence(
            tokens, log_probs, trace.alternatives[rows, columns], trace.alternative_log_probs[rows, columns],
            trace.attention[rows, columns], ended=int(tokens[-1]) == self.vocabulary.end,
            score=total / len(tokens) ** length_penalty)
