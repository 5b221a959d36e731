"""The seed's way of captioning, written plainly: the yardstick for speed, and an independent oracle for the answers.

One picture at a time goes through Keras' own DenseNet-121; each step of the greedy search is a round of Python that
calls one layer after another, eagerly, and looks at the answer before it goes on. The model is described in
`captioner.models.seed`; nothing of that module or of `captioner.decoding.search` is used here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import cv2
import h5py
import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from captioner.pretrained.legacy_hdf5 import RENAMED

START, END, STEPS = 3, 4, 29
SIZE, CELLS, DEPTH, UNITS, EMBEDDING = 224, 9, 512, 512, 300


class PlainLoop:
    """The seed's model from the arrays of its file.

    Args:
        arrays: dict dataset path without `:0` (`"image_encoder/conv1/conv/kernel"`) -> array.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        def of(layer: str, *variables: Any) -> list[np.ndarray]:
            return [arrays[f"{layer}/{variable}"] for variable in variables]

        self.encoder = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
        old_names = {new: old for old, new in RENAMED.items()}
        for layer in self.encoder.layers:
            if layer.variables:
                name = f"image_encoder/{old_names.get(layer.name, layer.name)}"
                layer.set_weights(of(name, *[variable.name for variable in layer.variables]))
        self.pool = keras.layers.AveragePooling2D(2, 2)
        self.dense = _with(
            keras.layers.Dense(DEPTH, activation="relu"), (None, CELLS, 1024), of("bkdense/bkdense", "kernel", "bias")
        )
        self.norm = _with(
            keras.layers.BatchNormalization(),
            (None, 2 * CELLS, DEPTH),
            of("encoder_batch_norm/encoder_batch_norm", "gamma", "beta", "moving_mean", "moving_variance"),
        )
        attention = "decoder/global_attention/dense"
        self.w1 = _with(keras.layers.Dense(UNITS), (None, 2 * CELLS, DEPTH), of(attention, "kernel", "bias"))
        self.w2 = _with(keras.layers.Dense(UNITS), (None, 1, UNITS), of(f"{attention}_1", "kernel", "bias"))
        self.v = _with(keras.layers.Dense(1), (None, 2 * CELLS, UNITS), of(f"{attention}_2", "kernel", "bias"))
        words = arrays["decoder/onestepdecoder_embedding/embeddings"]
        self.embedding = _with(keras.layers.Embedding(*words.shape), (None, 1), [words])
        self.gru = _with(
            keras.layers.GRU(UNITS, return_state=True),
            (None, 1, DEPTH + EMBEDDING),
            of("decoder/onestepdecoder_LSTM/gru_cell", "kernel", "recurrent_kernel", "bias"),
        )
        self.output = _with(
            keras.layers.Dense(len(words), activation="softmax"), (None, UNITS), of("decoder/dense_3", "kernel", "bias")
        )

    @classmethod
    def of_file(cls, path: str | Path) -> Self:
        """The seed's model from its HDF5 file, trusted as it is."""
        arrays = {}

        def take(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                arrays[name.removesuffix(":0")] = item[()]

        with h5py.File(path, "r") as file:
            file.visititems(take)
        return cls(arrays)

    def read(self, path: str | Path) -> np.ndarray:
        """A picture's file -> float32 `(1, 224, 224, 3)`."""
        pixels = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
        return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)[None]

    def encode(self, frontal: Any, lateral: Any) -> Any:
        """Two prepared pictures -> features `(1, 18, 512)`."""
        views = []
        for picture in (frontal, lateral):
            features = self.pool(self.encoder(picture, training=False))  # (1, 3, 3, 1024)
            views.append(self.dense(tf.reshape(features, (1, CELLS, -1))))  # (1, 9, 512)
        return self.norm(tf.concat(views, axis=1), training=False)

    def step(self, features: Any, token: int, state: Any) -> tuple[np.ndarray, Any, np.ndarray]:
        """One word: `(probabilities (V,), state (1, 512), attention (18,))`."""
        score = self.v(tf.nn.tanh(self.w1(features) + self.w2(tf.expand_dims(state, 1))))  # (1, 18, 1)
        attention = tf.nn.softmax(score, axis=1)
        context = tf.reduce_sum(attention * features, axis=1)  # (1, 512)
        word = self.embedding(tf.constant([[token]]))  # (1, 1, 300)
        output, state = self.gru(tf.concat([tf.expand_dims(context, 1), word], axis=-1), initial_state=state)
        return self.output(output)[0].numpy(), state, attention[0, :, 0].numpy()

    def caption(self, frontal: Any, lateral: Any) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Greedy search over two picture files: `(token ids, their probabilities, attention (n, 18))`."""
        features = self.encode(self.read(frontal), self.read(lateral))
        tokens, chosen, maps, token, state = [], [], [], START, tf.zeros((1, UNITS))
        for _ in range(STEPS):
            probabilities, state, attention = self.step(features, token, state)
            token = int(np.argmax(probabilities))
            if token == END:
                break
            tokens.append(token)
            chosen.append(float(probabilities[token]))
            maps.append(attention)
        return tokens, np.array(chosen), np.array(maps)


def _with(layer: Any, shape: Any, weights: Sequence[np.ndarray]) -> Any:
    layer.build(shape)
    layer.set_weights(weights)
    return layer
