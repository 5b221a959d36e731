"""The number that is explained, as graphs that can be differentiated: a word's log probability, or a difference of two.

Teacher forcing as in `captioner.decoding`, but over a batch of altered studies, and with a second token at any step.
"""

from weakref import WeakKeyDictionary

import numpy as np

_TARGETS = WeakKeyDictionary()  # a graph takes a second to build, so each model keeps its own


def target(model):
    """The Target of a Captioner, made once."""
    if model not in _TARGETS:
        preparation = model.config["preparation"]
        size, channels = preparation["size"], preparation.get("channels", 1)
        _TARGETS[model] = Target(model.network, model.vocabulary.start, size, channels)
    return _TARGETS[model]


class Target:
    """Graphs of one network. N studies, T tokens, W words; R rows, C columns and F channels of the features.

    In all of them `tokens` is int32 `(T,)`, the sequence, `against` is int32 `(T,)`, the token that each is compared
    with or -1, and `mask` is bool `(2,)`, which views there are. A target is log p(token), or
    log p(token) - log p(against).

    Args:
        network: one of `captioner.models`.
        start: id of the start token.
        size, channels: of its pictures.
    """

    def __init__(self, network, start, size, channels):
        import tensorflow as tf

        self.network, self.start = network, start
        pictures = tf.TensorSpec((None, None, size, size, channels), tf.float32)
        ids, mask = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((2,), tf.bool)
        self.features = tf.function(self._features, input_signature=[pictures])
        depth = self.features.get_concrete_function().structured_outputs.shape[-1]
        features = tf.TensorSpec((None, 2, *network.grid, depth), tf.float32)
        self.of_features = tf.function(self._of_features, input_signature=[features, mask, ids, ids])
        self.features_gradient = tf.function(self._features_gradient, input_signature=[features, mask, ids, ids, ids])
        self.pixels_gradient = tf.function(self._pixels_gradient, input_signature=[pictures, mask, ids, ids])

    def _features(self, pictures):
        """Pictures `(N, views, size, size, channels)` -> features `(N, views, R, C, F)`, each picture by itself."""
        return self.network.features(pictures, training=False)

    def _of_features(self, features, mask, tokens, against):
        """Features `(N, 2, R, C, F)` -> targets `(T, N)`."""
        import tensorflow as tf

        network, batch = self.network, tf.shape(features)[0]
        masks = tf.broadcast_to(mask, (batch, 2))
        memory = network.remember(features, masks, training=False)  # (N, P, depth)
        constants, state = network.begin(memory, masks)  # state (N, units)
        steps, units = tf.shape(tokens)[0], state.shape[-1]
        before = tf.concat([[self.start], tokens[:-1]], 0)  # (T,)

        def advance(step, state, targets):
            logits, state, _ = network.step(memory, constants, state, tf.fill([batch], before[step]))
            log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32))  # (N, V)
            other = tf.where(against[step] < 0, 0.0, tf.gather(log_probs, tf.maximum(against[step], 0), axis=1))
            return step + 1, state, targets.write(step, tf.gather(log_probs, tokens[step], axis=1) - other)

        _, _, targets = tf.while_loop(
            lambda step, *_: step < steps, advance, (tf.constant(0), state, tf.TensorArray(tf.float32, size=steps)),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, units]), tf.TensorShape(None)))
        return targets.stack()  # (T, N)

    def _features_gradient(self, features, mask, tokens, against, positions):
        """Features of one study `(1, 2, R, C, F)` -> its targets at `positions (W,)`, their gradients `(W, 2, R, C, F)`.

        The decoder sees W copies of the features, and copy i answers for word i alone: one backward pass for all words.
        """
        import tensorflow as tf

        words = tf.shape(positions)[0]
        copies = tf.repeat(features, words, axis=0)  # (W, 2, R, C, F)
        with tf.GradientTape() as tape:
            tape.watch(copies)
            targets = self._of_features(copies, mask, tokens, against)  # (T, W)
            targets = tf.gather_nd(targets, tf.stack([positions, tf.range(words)], axis=1))  # (W,)
            total = tf.reduce_sum(targets)
        return targets, tape.gradient(total, copies)

    def _pixels_gradient(self, pictures, mask, tokens, against):
        """Pictures `(N, 2, size, size, channels)` -> targets `(N,)` of the last token, gradients as the pictures."""
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(pictures)
            targets = self._of_features(self._features(pictures), mask, tokens, against)[-1]  # (N,)
            total = tf.reduce_sum(targets)
        return targets, tape.gradient(total, pictures)


def sequence(question):
    """`(tokens, against)` of a Question up to its last word: what comes after a word does not change its probability.

    Returns:
        int32 `(T,)` twice.
    """
    against = np.full(len(question.tokens), -1, np.int32)
    against[question.positions] = question.alternatives
    end = int(question.positions.max()) + 1
    return question.tokens[:end], against[:end]


def single(question, word):
    """`(tokens, against)` that end with one word of a Question."""
    tokens, against = sequence(question)
    end = int(question.positions[word]) + 1
    return tokens[:end], against[:end]
