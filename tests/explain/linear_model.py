"""A captioner that can be worked out with a pencil: its logits are sums of cells, and its cells are means of pixels.

log p("effusion") - log p("normal") is then linear in every pixel of both views.
"""

import numpy as np
import tensorflow as tf

from captioner.captioner import Captioner
from captioner.vocabulary import Vocabulary
from explain.methods.base import method

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "effusion", "normal", "."])
EFFUSION, NORMAL, STOP = VOCABULARY.encode("effusion normal .")
SIZE, GRID, CELL = 8, (2, 2), 4  # pixels, cells, pixels along a cell's side
CONFIG = {"name": "linear", "model": "linear", "preparation": {"size": SIZE, "channels": 1}, "decoding": {}}

# What a cell says for "effusion", by its brightness and by its darkness: (views, rows, columns, features)
EVIDENCE = np.array([[[[3, 0], [0, 0]], [[0, -1], [2, 1]]], [[[0, 0], [-4, 0]], [[0, 0], [0, 2]]]], np.float32)
ATTENTION = np.array([[[0.1, 0.2], [0.3, 0.0]], [[0.0, 0.4], [0.0, 0.0]]], np.float32)
AFTER_STOP = 0.7  # what the language model adds to "effusion" after a full stop


class LinearNetwork:
    """See `captioner.models` for the calls. Its two features of a cell are its mean and 1 - its mean."""

    grid = GRID

    def features(self, pictures, training=False, encoder=None):
        shape = tf.shape(pictures)
        blocks = tf.reshape(pictures, (shape[0], shape[1], GRID[0], CELL, GRID[1], CELL))
        mean = tf.reduce_mean(blocks, axis=(3, 5))  # (B, views, 2, 2)
        return tf.stack([mean, 1 - mean], axis=-1)

    def project(self, features, mask, training=False):
        there = tf.cast(mask, tf.float32)[:, :, None, None, None]
        return tf.reshape(features * there, (-1, 8, 2))  # (B, P, F)

    def encode(self, pictures, mask, training=False, encoder=None):
        return self.project(self.features(pictures), mask)

    def begin(self, image_features, mask):
        return (), tf.zeros((tf.shape(image_features)[0], 1))

    def step(self, image_features, constants, state, token, training=False):
        evidence = tf.reduce_sum(image_features * EVIDENCE.reshape(1, 8, 2), axis=(1, 2))  # (B,)
        evidence += tf.where(token == STOP, AFTER_STOP, 0.0)
        logits = evidence[:, None] * tf.one_hot([EFFUSION], len(VOCABULARY))  # (B, V)
        return logits, state, tf.repeat(ATTENTION.reshape(1, 8), tf.shape(state)[0], axis=0)


def linear_model():
    return Captioner(LinearNetwork(), VOCABULARY, CONFIG)


def pictures(seed=0):
    """float32 `(2, 8, 8, 1)` in 0..1, and the mask of both views."""
    return np.random.default_rng(seed).random((2, SIZE, SIZE, 1), np.float32), np.array([True, True])


def against_normal(name, model, study, tokens=(EFFUSION,), **settings):
    """The Explanation of why the first word is "effusion" and not "normal"."""
    return method(name, **settings).explain(model, study, tokens, alternatives={0: NORMAL})


def cells(values):
    """The mean of each cell: `(views, 8, 8)` -> `(views, 2, 2)`."""
    return np.asarray(values).reshape(-1, 2, CELL, 2, CELL).mean(axis=(2, 4))


def stretched(grid):
    """Each cell's value at each of its pixels: `(views, 2, 2)` -> `(views, 8, 8)`."""
    return np.repeat(np.repeat(grid, CELL, axis=1), CELL, axis=2)


SLOPE = EVIDENCE[..., 0] - EVIDENCE[..., 1]
"""How "effusion"'s logit rises with a cell's mean: `(views, rows, columns)`."""
