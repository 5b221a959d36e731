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
KEPT = 1
"""Models whose graphs are kept. They take seconds to build, and 80 to 120 MB of a page's process for each."""

_KEPT: WeakKeyDictionary[Captioner, Graphs] = WeakKeyDictionary()  # in the order in which they were built
_LIVING: WeakKeyDictionary[Captioner, Graphs] = WeakKeyDictionary()  # those within `living`


def graphs_of(model: Captioner) -> Graphs:
    """The graphs of a Captioner, kept until others are built, with its encoder's weights of then; see `living`."""
    found = _LIVING.get(model) or _KEPT.get(model)
    if found is None:
        _let_go()
        found = _made(model, living=False)
        _keep_at_most(KEPT - 1)  # somebody else may have built some meanwhile
        _KEPT[model] = found
    return found


def _let_go() -> None:
    """Give up graphs before others are built: both at once would be the most that is ever held."""
    _keep_at_most(KEPT - 1)
    gc.collect()  # a graph refers to itself


def _keep_at_most(most: int) -> None:
    models = _KEPT.keyrefs()
    for reference in models[: max(len(models) - most, 0)]:
        model = reference()
        if model is not None:
            _KEPT.pop(model, None)


@contextmanager
def living(model: Captioner) -> Iterator[None]:
    """Within, the graphs of a Captioner follow its weights as they change; nobody else may use the model.

    One within another, of the same model, shares its graphs.
    """
    if model in _LIVING:
        yield
        return
    _let_go()
    _LIVING[model] = _made(model, living=True)
    try:
        yield
    finally:
        del _LIVING[model]


def _made(model: Captioner, living: bool) -> Graphs:
    preparation = model.config["preparation"]
    calibration = model.calibration if model.has_findings else ()
    encoder, projecting = (None, None) if living else (model.encoder, model.projecting)
    return Graphs(model.decoder, preparation["size"], preparation.get("channels", 1), encoder, projecting, calibration)


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
        projecting: encoder and projection in one, such as `Captioner.projecting`; None where they are to be run one
            after the other.
        calibration: `(slope, offset)` of each of `FINDINGS`, which turn the finding head's logits into the log odds of
            calibrated probabilities; none of a network without a finding head.
    """

    def __init__(
        self,
        decoder: Decoder,
        size: int,
        channels: int,
        encoder: keras.Model | None = None,
        projecting: keras.Model | None = None,
        calibration: Sequence[tuple[float, float]] = (),
    ) -> None:
        import tensorflow as tf

        from captioner.models.graph import graph

        self.decoder, self.network, self.encoder, self._projecting = decoder, decoder.network, encoder, projecting
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
        # What is only asked how likely it is, and not explained, needs no features where the projection is at hand.
        if projecting is None:
            self.projected, self.of_projected = self.features, self.of_features
            if calibration:
                self.findings_of_projected = self.findings
        else:
            projected = tf.TensorSpec((None, 2, *network.grid, network.depth), tf.float32)
            self.projected = graph(self._project, [pictures])
            self.of_projected = graph(self._of_projected, [projected, mask, told, ids, ids])
            if calibration:
                self.findings_of_projected = graph(self._findings_of_projected, [projected, mask])

    def _features(self, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures `(N, views, size, size, channels)` -> features `(N, views, R, C, F)`, each picture by itself."""
        return self.network.features(pictures, training=False, encoder=self.encoder)

    def _project(self, pictures: tf.Tensor) -> tf.Tensor:
        """Pictures `(N, views, size, size, channels)` -> what `network.from_projected` reads of them, each by itself,
        `(N, views, R, C, depth)`. Without `projecting`, `projected` gives features, and `of_projected` takes them."""
        import tensorflow as tf

        shape = tf.shape(pictures)
        assert self._projecting is not None
        flat = self._projecting(tf.reshape(pictures, (-1, *pictures.shape[2:])), training=False)
        return tf.reshape(flat, (shape[0], shape[1], *flat.shape[1:]))

    def _from_projected(self, projected: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """As `_image_features`, of what `projected` gave for both views."""
        import tensorflow as tf

        masks = tf.broadcast_to(mask, (tf.shape(projected)[0], 2))
        return self.network.from_projected(projected, masks), masks

    def _of_projected(
        self, projected: tf.Tensor, mask: tf.Tensor, told: tf.Tensor, tokens: tf.Tensor, against: tf.Tensor
    ) -> tf.Tensor:
        """What `projected` gave `(N, 2, R, C, depth)` -> numbers `(T, N)`."""
        image_features, masks = self._from_projected(projected, mask)
        return self.decoder.explained_graph(image_features, masks, tokens, against, told)

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
        return self._log_odds(*self._image_features(features, mask))

    def _findings_of_projected(self, projected: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        """What `projected` gave `(N, 2, R, C, depth)` -> log odds of all findings `(13, N)`."""
        return self._log_odds(*self._from_projected(projected, mask))

    def _log_odds(self, image_features: tf.Tensor, masks: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

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
        """Features `(W, 2, R, C, F)`, or `(1, 2, R, C, F)` for W times the same, of which the i-th answers for the
        number at `positions[i]` alone -> the numbers `(W,)`, their gradients `(W, 2, R, C, F)`."""
        return self._gradient_of_rows(
            lambda copies: self._of_features(copies, mask, told, tokens, against), features, positions
        )

    def _findings_features_gradient(
        self, features: tf.Tensor, mask: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The same of findings, whose numbers are `positions`."""
        return self._gradient_of_rows(lambda copies: self._findings(copies, mask), features, positions)

    @staticmethod
    def _gradient_of_rows(
        values: Callable[[tf.Tensor], tf.Tensor], features: tf.Tensor, rows: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`values`, of features `(W, 2, R, C, F)` -> `(T, W)`; of its i-th column the row `rows[i]` alone is asked for:
        one backward pass for all."""
        import tensorflow as tf

        wanted = tf.shape(rows)[0]
        copies = tf.broadcast_to(features, tf.concat([[wanted], tf.shape(features)[1:]], 0))  # (W, 2, R, C, F)
        with tf.GradientTape() as tape:
            tape.watch(copies)
            numbers = tf.gather_nd(values(copies), tf.stack([rows, tf.range(wanted)], axis=1))  # (W,)
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

        def gradient(features: tf.Tensor, position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            end = position[0] + 1  # later words change nothing
            return self.features_gradient(features, mask, told, tokens[:end], against[:end], position)

        return self._gradient_through_encoder(gradient, pictures, positions)

    def _findings_pixels_gradient(
        self, pictures: tf.Tensor, mask: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The same of findings, whose numbers are `positions`."""
        return self._gradient_through_encoder(
            lambda features, position: self.findings_features_gradient(features, mask, position), pictures, positions
        )

    def _gradient_through_encoder(
        self, gradient: Callable[..., tuple[tf.Tensor, tf.Tensor]], pictures: tf.Tensor, positions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """`gradient`, of features `(N, 2, R, C, F)` and one position N times -> `(N,)` and `(N, 2, R, C, F)`, at each
        position: the encoder runs forwards once for all, and backwards once for each."""
        import tensorflow as tf

        with tf.GradientTape() as encoder:
            encoder.watch(pictures)
            features = self._features(pictures)  # (N, 2, R, C, F)
        studies = tf.shape(pictures)[0]

        def of_one(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            numbers, of_features = gradient(features, tf.fill([studies], position))
            return numbers, encoder.gradient(features, pictures, of_features)

        return tf.map_fn(of_one, positions, parallel_iterations=1, fn_output_signature=(tf.float32, tf.float32))


def word_groups(words: int) -> list[slice]:
    """Slices of at most WORDS_AT_A_TIME of so many words: what runs over all words of an impression is asked between
    them whether it is still wanted, and keeps the gradients of a few words only."""
    return [slice(start, min(start + WORDS_AT_A_TIME, words)) for start in range(0, words, WORDS_AT_A_TIME)]
