"""The frozen graph against the living network: the same numbers, whatever the encoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from captioner.captioner import Captioner
from captioner.checkpoint.store import load
from captioner.images.preprocessing import prepare
from captioner.images.study import Study, View
from captioner.models.attention import AttentionCaptioner
from captioner.models.densenet import ENCODERS
from captioner.models.freeze import frozen
from captioner.vocabulary import Vocabulary

WORDS = ["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."]


def lively(network, seed=0):
    """Batch statistics and scales that are not the ones of a fresh network, where folding them would change nothing."""
    numbers = np.random.default_rng(seed)
    for variable in network.variables:
        if variable.path.endswith(("gamma", "moving_variance")):
            variable.assign(numbers.uniform(0.5, 1.5, variable.shape))
        elif variable.path.endswith(("beta", "moving_mean")):
            variable.assign(numbers.normal(0, 0.2, variable.shape))
    return network


@pytest.mark.parametrize("encoder", ["densenet-tiny", "densenet-small", "efficientnet-lite0"])
def test_the_search_hears_the_same_from_the_frozen_encoder(encoder):
    keras.utils.set_random_seed(1)
    config = ENCODERS[encoder]
    cells = 64 // config.stride
    network = lively(AttentionCaptioner(config, len(WORDS), 3, (cells, cells), depth=8, units=8, embedding=4))
    model = Captioner(
        network, Vocabulary(WORDS), {"name": "x", "preparation": {"size": 64}, "decoding": {"max_words": 6}}
    )
    numbers = np.random.default_rng(2)
    views = [View(name, numbers.integers(0, 256, (80, 70), np.uint8)) for name in ("frontal", "lateral")]
    for study in (Study(*views), Study(views[0], None)):
        pictures, mask = (tf.constant(part[None]) for part in prepare(study, model.config["preparation"]))
        image_features = network.encode(pictures, mask, training=False)
        features = model.encode(study)
        np.testing.assert_allclose(features.image_features, image_features, atol=2e-5)
        width = {"decoding": "beam", "beam_width": 3, "length_penalty": 0}
        live, kept = model.decoder.search(image_features, mask, 3, 6), model.caption(features, **width).hypotheses
        for one, other in zip(live, kept, strict=True):
            assert np.exp(one.log_probs.sum()) == pytest.approx(np.exp(other.log_prob), abs=1e-4)


def test_weights_that_change_later_are_not_seen_and_the_network_stays_alive(tiny_checkpoint):
    network = load(tiny_checkpoint).network
    signature = [tf.TensorSpec((1, network.depth), tf.float32)]
    graph = frozen(network, lambda cells: network.attend_memory(cells), signature)
    cells = tf.ones((1, network.depth))
    before = graph(cells).numpy()
    network.attend_memory.kernel.assign(2 * network.attend_memory.kernel)
    np.testing.assert_array_equal(graph(cells), before)
    np.testing.assert_allclose(network.attend_memory(cells), 2 * before, rtol=1e-6)


def test_what_has_no_weights_is_called_as_it_is():
    graph = frozen(object(), lambda number: 2 * number, [tf.TensorSpec((), tf.float32)])
    assert graph(tf.constant(4.0)).numpy() == 8
