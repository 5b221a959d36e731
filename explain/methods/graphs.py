"""The numbers that are explained, as graphs that can be differentiated: words' log probabilities, findings' log odds.

Teacher forcing as in `captioner.decoding.forcing`, over a batch of altered studies.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from captioner.captioner import Captioner
    from captioner.decoding.search import Decoder

WORDS_AT_A_TIME = 4
# A graph takes a second to build, so the model explained last keeps its own; those of all models would fill the memory.
_KEPT: WeakKeyDictionary[Captioner, Graphs] = WeakKeyDictionary()
_LIVING: WeakKeyDictionary[Captioner, Graphs] = WeakKeyDictionary()  # those within `living`


def graphs_of(model: Captioner) -> Graphs:
    """The graphs of a Captioner, kept until another is explained, with its encoder's weights of then; see `living`."""
    found = _LIVING.get(model) or _KEPT.get(model)
    if found is None:
        _let_go()
        found = _made(model, living=False)
        _KEPT.clear()  # somebody else may have built some meanwhile
        _KEPT[model] = found
    return found


def _let_go() -> None:
    """Give up the graphs that are kept before others are built: both at once would be the most that is ever held."""
    _KEPT.clear()
    gc.collect()  # a graph refers to itself


@contextmanager
def living(model: Captioner) -> Iterator[None]:
    """Within, the graphs of a Captioner follow its weights as they change; nobody else may use the model."""
    before = _LIVING.get(model)
    _let_go()
    _LIVING[model] = _made(model, living=True)
    try:
        yield
    finally:
        del _LIVING[model]
        if before is not None:
            _LIVING[model] = before


def _made(model: Captioner, living: bool) -> Graphs:
    preparation = model.config["preparation"]
    calibration = model.calibration if model.has_findings else ()
    encoder = None if living else model.encoder
    return Graphs(model.decoder, preparation["size"], preparation.get("channels", 1), encoder, calibration)


class Graphs:
    """Graphs of one network. N studies, T tokens, W words; R rows, C columns and F channels of the features.

    In all of them `told` is float32 `(1, conditions_size)`, what the decoder is told instead of what the finding head
    found, NaN where nothing is (`captioner.decoding.search.Decoder.search`). `tokens` is int32 `(T,)`, the sequence,
    `against` is int32 `(T,)`, the token that each is compared with or -1, `positions` is int32 `(W,)`, and `mask` is
    bool `(2,)`, which views there are. The number of a word is log p(token), or log p(token) - log p(against).

    Args:
        decoder: captioner.decoding.search.Decoder of the network.
        size, channels: of its pictures.
        encoder: in place of the network's own, such as `Captioner.encoder`; None for the network's, whose weights may
            change from call to call.
        calibration: `(slope, offset)` of each of `FINDINGS`, which turn the finding head's logits into the log odds of
            calibrated probabilities; none of a network without a finding head.
    """

    def __init__(
        self,
        decoder: Decoder,
        size: int,
        channels: int,
        encoder: keras.Model | None = None,
        calibration: Sequence[tuple[float, float]] = (),
    ) -> None:
        import tensorflow as tf

        from captioner.models.graph import graph

        self.decoder, self.network, self.encoder = decoder, decoder.network, encoder
        network = self.network
        pictures = tf.TensorSpec((None, None, size, size, channels), tf.float32)
        ids, mask = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((2,), tf.bool)
        told = tf.TensorSpec((1, decoder.conditions_size), tf.float32)
        self.features = graph(self._features, [pictures])
        depth = self.features.get_concrete_function().structured_outputs.shape[-1]
        features = tf.TensorSpec((None, 2, *network.grid, depth), tf.float32)
        self.of_features = graph(self._of_features, [features, mask, told, ids, ids])
        self.features_gradient = graph(self._features_gradient, [features, mask, told, ids, ids, ids])
        self.pixels_gradient = graph(self._pixels_gradient, [pictures, mask, told, ids, ids, ids])
        if calibration:
            self._slope, self._offset = np.array(calibration, np.float32).T  # (13,) each
            self.findings = graph(self._findings, [features, mask])
            self.findings_features_gradient = graph(self._findings_features_gradient, [features, mask, ids])
            self.findings_pixels_gradient = graph(self._findings_pixels_gradient, [pictures, mask, ids])

    def _features(self, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures `(N, views, size, size, channels)` -> features `(N, views, R, C, F)`, each picture by itself."""
        return self.network.features(pictures, training=False, encoder=self.encoder)

    def _image_features(self, features: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Features `(N, 2, R, C, F)` -> what decoder and finding head read `(N, P, depth)`, and the mask `(N, 2)`."""
        import tensorflow as tf

        masks = tf.broadcast_to(mask, (tf.shape(features)[0], 2))
        return self.network.project(features, masks, training=False), masks

    def _of_features(
        self, features: tf.Tensor, mask: tf.Tensor, told: tf.Tensor, tokens: tf.Tensor, against: tf.Tensor
    ) -> tf.Tensor:
        """Features `(N, 2, R, C, F)` -> numbers `(T, N)`."""
        image_features, masks = self._image_features(features, mask)
        return self.decoder.explained_graph(image_features, masks, tokens, against, told)

    def _findings(self, features: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """Features `(N, 2, R, C, F)` -> log odds of all findings `(13, N)`."""
        import tensorflow as tf

        image_features, masks = self._image_features(features, mask)
        presence = self.network.examine(image_features, masks)["presence"]  # (N, 13)
        return tf.transpose(self._slope * presence + self._offset)

    def _features_gradient(
        self,
        features: tf.Tensor,
        mask: tf.Tensor,
        told: tf.Tensor,
        tokens: tf.Tensor,
        against: tf.Tensor,
        positions: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Features of one study `(1, 2, R, C, F)` -> its numbers `(W,)`, their gradients `(W, 2, R, C, F)`."""
        return self._gradient_of_copies(
            lambda copies: self._of_features(copies, mask, told, tokens, against), features, positions
        )

    def _findings_features_gradient(
        self, features: tf.Tensor, mask: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The same of findings, whose numbers are `positions`."""
        return self._gradient_of_copies(lambda copies: self._findings(copies, mask), features, positions)

    @staticmethod
    def _gradient_of_copies(
        values: Callable[[tf.Tensor], tf.Tensor], features: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`values`, of features `(W, 2, R, C, F)` -> `(T, W)`, sees W copies of the features, and copy i answers for
        row `positions[i]` alone: one backward pass for all."""
        import tensorflow as tf

        wanted = tf.shape(positions)[0]
        copies = tf.repeat(features, wanted, axis=0)  # (W, 2, R, C, F)
        with tf.GradientTape() as tape:
            tape.watch(copies)
            numbers = tf.gather_nd(values(copies), tf.stack([positions, tf.range(wanted)], axis=1))  # (W,)
            total = tf.reduce_sum(numbers)
        return numbers, tape.gradient(total, copies)

    def _pixels_gradient(
        self,
        pictures: tf.Tensor,
        mask: tf.Tensor,
        told: tf.Tensor,
        tokens: tf.Tensor,
        against: tf.Tensor,
        positions: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Pictures `(N, 2, size, size, channels)` -> numbers `(W, N)`, gradients `(W, N, 2, size, size, channels)`."""

        def value(features: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
            end = position + 1
            return self._of_features(features, mask, told, tokens[:end], against[:end])[-1]  # (N,)

        return self._gradient_through_encoder(value, pictures, positions)

    def _findings_pixels_gradient(
        self, pictures: tf.Tensor, mask: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The same of findings, whose numbers are `positions`."""
        return self._gradient_through_encoder(
            lambda features, position: self._findings(features, mask)[position], pictures, positions
        )

    def _gradient_through_encoder(
        self, value: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], pictures: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`value`, of features and a position -> `(N,)`, at each position: the encoder runs forwards once for all, and
        backwards once for each."""
        import tensorflow as tf

        with tf.GradientTape(persistent=True) as encoder:
            encoder.watch(pictures)
            features = self._features(pictures)  # (N, 2, R, C, F)

        def of_one(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as reader:
                reader.watch(features)
                numbers = value(features, position)  # (N,)
                total = tf.reduce_sum(numbers)
            return numbers, encoder.gradient(features, pictures, reader.gradient(total, features))

        return tf.map_fn(of_one, positions, parallel_iterations=1, fn_output_signature=(tf.float32, tf.float32))


def word_groups(words: int) -> list[slice]:
    """Slices of at most WORDS_AT_A_TIME of so many words: what runs over all words of an impression is asked between
    them whether it is still wanted, and keeps the gradients of a few words only."""
    return [slice(start, min(start + WORDS_AT_A_TIME, words)) for start in range(0, words, WORDS_AT_A_TIME)]
