"""Batch normalisation that trains quickly on TensorFlow (Ioffe and Szegedy 2015, arXiv 1502.03167).

Keras writes it out, mean, variance and all, in steps that each read the whole feature map; most of a training step of a
small encoder went into them (see benchmarks/README.md). TensorFlow has one operation for all of it.
"""

from typing import Any

import keras
from keras import layers


class BatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` of `(batch, rows, columns, channels)`: the same but for rounding.

    With another backend than TensorFlow, with weights that keep still, and outside training it is Keras' own.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Inputs `(batch, rows, columns, channels)` of float32 -> normalised, of the same shape."""
        fused = training and self.trainable and mask is None and self.scale and self.center
        if not (fused and keras.backend.backend() == "tensorflow" and self.compute_dtype == "float32"):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma.value, self.beta.value, epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
        variance *= (count - 1) / count  # the operation gives that of a sample, Keras keeps that of the batch
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + now * (1 - self.momentum))
        return outputs
