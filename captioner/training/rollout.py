"""Greedy and sampled captions of a whole batch on any Keras backend: what training scores itself by, and learns from.

The page and the command line decode with `captioner.decoding.search`, which is TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops

if TYPE_CHECKING:
    import keras

    from captioner.vocabulary import Vocabulary

FAR_BELOW = -1e9


def greedy_ids(network: keras.Model, vocabulary: Vocabulary, batch: dict[str, Any], steps: int) -> np.ndarray:
    """Token ids `(B, steps)` of the greedy captions, padded after the end token.

    Args:
        network: one of `captioner.models`.
        batch: dict of `mask`, and `pictures` or `features`, as the network's `call` takes them.
        steps: most tokens, the end token among them.
    """
    image_features, mask = _image_features(network, batch)
    return _roll_out(network, vocabulary, image_features, mask, steps, lambda logits: logits)


def sampled_ids(
    network: keras.Model,
    vocabulary: Vocabulary,
    batch: dict[str, Any],
    steps: int,
    samples: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Token ids `(B, samples, steps)` drawn from the network's own probabilities; see `greedy_ids`."""
    image_features, mask = _image_features(network, batch)
    image_features, mask = (
        ops.repeat(value, samples, axis=0) for value in (image_features, mask)
    )  # (B * samples, ...)
    # The largest of logits with Gumbel noise is a draw from their softmax.
    ids = _roll_out(
        network, vocabulary, image_features, mask, steps, lambda logits: logits + rng.gumbel(size=logits.shape)
    )
    return ids.reshape(-1, samples, steps)


def _image_features(network: keras.Model, batch: dict[str, Any]) -> keras.KerasTensor:
    seen = {name: ops.convert_to_tensor(batch[name]) for name in batch if name not in ("tokens", "conditions")}
    return network.image_features_of(seen), seen["mask"]


def _roll_out(
    network: keras.Model,
    vocabulary: Vocabulary,
    image_features: keras.KerasTensor,
    mask: keras.KerasTensor,
    steps: int,
    changed: Callable[..., Any],
) -> np.ndarray:
    constants, state = network.begin(image_features, mask)
    forbidden = np.zeros(len(vocabulary), np.float32)
    forbidden[vocabulary.forbidden_ids] = FAR_BELOW
    token = np.full(len(mask), vocabulary.start, np.int32)
    ids = np.full((len(token), steps), vocabulary.pad, np.int32)
    open_still = np.ones(len(token), bool)
    for step in range(steps):
        logits, state, _ = network.step(image_features, constants, state, ops.convert_to_tensor(token))
        token = (changed(ops.convert_to_numpy(logits)) + forbidden).argmax(axis=-1).astype(np.int32)
        ids[open_still, step] = token[open_still]
        open_still &= token != vocabulary.end
        if not open_still.any():
            break
    return ids
