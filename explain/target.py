"""The number that is explained, as graphs that can be differentiated: a word's log probability, or a difference of two.

Teacher forcing as in `captioner.decoding`, over a batch of altered studies.
"""

from contextlib import contextmanager
from weakref import WeakKeyDictionary

import numpy as np

_TARGETS = WeakKeyDictionary()  # a graph takes a second to build, so each model keeps its own


def target(model):
    """The Target of a Captioner, made once. Its encoder keeps the weights that it had then; see `living`."""
    if model not in _TARGETS:
        _TARGETS[model] = _made(model, living=False)
    return _TARGETS[model]


@contextmanager
def living(model):
    """Within, the Target of a Captioner follows its weights as they change; nobody else may use the model."""
    before = _TARGETS.pop(model, None)
    _TARGETS[model] = _made(model, living=True)
    try:
        yield
    finally:
        del _TARGETS[model]
        if before is not None:
            _TARGETS[model] = before


def _made(model, living):
    preparation = model.config["preparation"]
    return Target(model.decoder, preparation["size"], preparation.get("channels", 1), living)


class Target:
    """Graphs of one network. N studies, T tokens, W words; R rows, C columns and F channels of the features.

    In all of them `tokens` is int32 `(T,)`, the sequence, `against` is int32 `(T,)`, the token that each is compared
    with or -1, `positions` is int32 `(W,)`, and `mask` is bool `(2,)`, which views there are. A target is log p(token),
    or log p(token) - log p(against).

    Args:
        decoder: captioner.decoding.Decoder of the network.
        size, channels: of its pictures.
        living: whether the encoder's weights are read anew at every call; else they are constants, which is quicker
            (`captioner.frozen`).
    """

    def __init__(self, decoder, size, channels, living=False):
        import tensorflow as tf

        from captioner.frozen import frozen

        self.decoder, self.network = decoder, decoder.network
        network = self.network

        def encoding(call, signature):
            return tf.function(call, input_signature=signature) if living else frozen(network, call, signature)

        pictures = tf.TensorSpec((None, None, size, size, channels), tf.float32)
        ids, mask = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((2,), tf.bool)
        self.features = encoding(self._features, [pictures])
        depth = self.features.get_concrete_function().structured_outputs.shape[-1]
        features = tf.TensorSpec((None, 2, *network.grid, depth), tf.float32)
        self.of_features = tf.function(self._of_features, input_signature=[features, mask, ids, ids])
        self.features_gradient = tf.function(self._features_gradient, input_signature=[features, mask, ids, ids, ids])
        self.pixels_gradient = encoding(self._pixels_gradient, [pictures, mask, ids, ids, ids])

    def _features(self, pictures):
        """Pictures `(N, views, size, size, channels)` -> features `(N, views, R, C, F)`, each picture by itself."""
        return self.network.features(pictures, training=False)

    def _of_features(self, features, mask, tokens, against):
        """Features `(N, 2, R, C, F)` -> targets `(T, N)`."""
        import tensorflow as tf

        masks = tf.broadcast_to(mask, (tf.shape(features)[0], 2))
        memory = self.network.remember(features, masks, training=False)  # (N, P, depth)
        return self.decoder.targets_graph(memory, masks, tokens, against)

    def _features_gradient(self, features, mask, tokens, against, positions):
        """Features of one study `(1, 2, R, C, F)` -> its targets `(W,)`, their gradients `(W, 2, R, C, F)`.

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

    def _pixels_gradient(self, pictures, mask, tokens, against, positions):
        """Pictures `(N, 2, size, size, channels)` -> targets `(W, N)`, gradients `(W, N, 2, size, size, channels)`.

        The encoder runs forwards once for all words, and backwards once for each.
        """
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as encoder:
            encoder.watch(pictures)
            features = self._features(pictures)  # (N, 2, R, C, F)

        def of_word(position):
            with tf.GradientTape() as decoder:
                decoder.watch(features)
                end = position + 1
                targets = self._of_features(features, mask, tokens[:end], against[:end])[-1]  # (N,)
                total = tf.reduce_sum(targets)
            return targets, encoder.gradient(features, pictures, decoder.gradient(total, features))

        return tf.map_fn(of_word, positions, parallel_iterations=1, fn_output_signature=(tf.float32, tf.float32))


def sequence(question):
    """`(tokens, against)` of a Question up to its last word: what comes after a word does not change its probability.

    Returns:
        int32 `(T,)` twice.
    """
    against = np.full(len(question.tokens), -1, np.int32)
    against[question.positions] = question.alternatives
    end = int(question.positions.max()) + 1
    return question.tokens[:end], against[:end]
