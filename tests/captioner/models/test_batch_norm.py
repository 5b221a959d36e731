"""The quick batch norm against Keras' own: what comes out, the gradients, and the running statistics."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from captioner.models.batch_norm import BatchNormalization

CHANNELS = 5


def _set_up(kind, rng):
    norm = kind(momentum=0.7, epsilon=1e-3)
    norm.build((None, None, None, CHANNELS))
    norm.set_weights([rng.uniform(0.5, 1.5, CHANNELS).astype(np.float32) for _ in range(4)])
    return norm


def _step(norm, inputs, wanted, call):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = call(norm, inputs)
        loss = tf.reduce_sum(outputs * wanted)
    gradients = tape.gradient(loss, [inputs, norm.gamma.value, norm.beta.value])
    return [np.asarray(each) for each in (outputs, *gradients, norm.moving_mean, norm.moving_variance)]


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_a_step_of_training_is_that_of_keras(graph):
    rng = np.random.default_rng(5)
    inputs = tf.constant(rng.normal(2.0, 3.0, (3, 4, 6, CHANNELS)).astype(np.float32))
    wanted = tf.constant(rng.normal(size=(3, 4, 6, CHANNELS)).astype(np.float32))

    def call(norm, pictures):
        return norm(pictures, training=True)

    ours, theirs = (
        _step(_set_up(kind, np.random.default_rng(6)), inputs, wanted, tf.function(call) if graph else call)
        for kind in (BatchNormalization, keras.layers.BatchNormalization)
    )
    for mine, its in zip(ours, theirs):
        np.testing.assert_allclose(mine, its, rtol=2e-4, atol=2e-5)


def test_what_keeps_still_keeps_its_statistics_and_uses_them():
    rng = np.random.default_rng(7)
    inputs = rng.normal(size=(2, 3, 3, CHANNELS)).astype(np.float32)
    norm = _set_up(BatchNormalization, rng)
    norm.trainable = False
    before = [np.array(weight) for weight in norm.get_weights()]
    gamma, beta, mean, variance = before
    expected = (inputs - mean) / np.sqrt(variance + norm.epsilon) * gamma + beta
    np.testing.assert_allclose(norm(inputs, training=True), expected, rtol=1e-4, atol=1e-5)
    for weight, old in zip(norm.get_weights(), before):
        np.testing.assert_array_equal(weight, old)
