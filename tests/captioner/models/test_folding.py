"""The encoder with its batch norms folded against the network's own: the same numbers, whatever the encoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from captioner.captioner import Captioner
from captioner.checkpoint.store import load
from captioner.images.preprocessing import prepare
from captioner.images.study import Study, View
from captioner.models.attention import AttentionCaptioner
from captioner.models.densenet import ENCODERS, build_encoder
from captioner.models.folding import folded
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


@pytest.fixture
def tiny(tiny_checkpoint):
    return load(tiny_checkpoint)


@pytest.fixture
def study():
    numbers = np.random.default_rng(4)
    return Study(*(View(name, numbers.integers(0, 256, (80, 70), np.uint8)) for name in ("frontal", "lateral")))


@pytest.mark.parametrize(
    "encoder",
    [
        "densenet-tiny",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("densenet-small", "efficientnet-lite0")),
    ],
)
def test_the_search_hears_the_same_from_the_folded_encoder(encoder):
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


@pytest.mark.parametrize(("encoder", "left"), [("efficientnet-tiny", 0), ("densenet-tiny", 8)])
def test_a_norm_that_alone_reads_a_convolution_is_gone(encoder, left):
    # A DenseNet's norms come before a convolution, but for those of its stem and of each layer's bottleneck.
    own = lively(build_encoder(ENCODERS[encoder]))
    copy = folded(own)
    norms = [layer for layer in own.layers if isinstance(layer, keras.layers.BatchNormalization)]
    stay = [layer for layer in copy.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) > len(stay) == left
    assert not copy.trainable_variables and own.trainable_variables
    picture = np.random.default_rng(3).normal(size=(2, 64, 64, 1)).astype(np.float32)
    np.testing.assert_allclose(copy(picture), own(picture, training=False), atol=2e-5)


def test_a_kernel_and_a_bias_worked_out_by_hand():
    picture = keras.Input((None, None, 1))
    convolved = keras.layers.Conv2D(1, 1, name="conv")(picture)
    own = keras.Model(picture, keras.layers.BatchNormalization(epsilon=1.0, name="norm")(convolved))
    own.get_layer("conv").set_weights([np.full((1, 1, 1, 1), 5.0), np.array([1.0])])
    own.get_layer("norm").set_weights(
        [np.array([part]) for part in (4.0, 7.0, 3.0, 3.0)]
    )  # gamma, beta, mean, variance
    kernel, bias = folded(own).get_layer("conv").get_weights()
    # scale 4 / sqrt(3 + 1) = 2; kernel 5 * 2; bias (1 - 3) * 2 + 7
    assert (kernel.item(), bias.item()) == (10.0, 3.0)


def test_a_convolution_that_others_read_too_keeps_its_norm():
    picture = keras.Input((8, 8, 1))
    seen_twice = keras.layers.Conv2D(2, 3, padding="same")(picture)
    bent = keras.layers.Conv2D(2, 3, padding="same", activation="relu")(picture)
    given = keras.layers.Conv2D(2, 3, padding="same")(picture)
    norms = [keras.layers.BatchNormalization()(convolved) for convolved in (seen_twice, bent, given)]
    own = lively(keras.Model(picture, [keras.layers.Add()([*norms, seen_twice]), given]))
    copy = folded(own)
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in copy.layers) == 3
    for one, other in zip(copy(np.ones((1, 8, 8, 1))), own(np.ones((1, 8, 8, 1)))):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_weights_that_change_after_the_first_study_are_not_seen_and_the_network_stays_as_it_was(tiny, study):
    before = tiny.encode(study).image_features.numpy()
    pictures, mask = (part[None] for part in prepare(study, tiny.config["preparation"]))
    kernel = tiny.network.encoder.trainable_variables[0]
    np.testing.assert_allclose(tiny.network.encode(pictures, mask), before, atol=2e-5)
    kernel.assign(-np.array(kernel))
    np.testing.assert_array_equal(tiny.encode(study).image_features, before)
    assert np.abs(tiny.network.encode(pictures, mask).numpy() - before).max() > 1e-4


def test_all_graphs_share_the_weights_of_the_first(tiny, study):
    tiny.encode(study)
    encoder = tiny.encoder
    assert encoder is tiny.encoder and encoder is not tiny.network.encoder
    held = {id(variable.value) for variable in encoder.variables}
    (graph,) = tiny._encode._list_all_concrete_functions()
    assert len(held & {id(variable) for variable in graph.variables}) == len(held)


def test_projected_before_it_is_stretched_it_is_the_same():
    network = lively(AttentionCaptioner(ENCODERS["efficientnet-tiny"], len(WORDS), 3, (8, 8), depth=6, units=8))
    numbers = np.random.default_rng(6)
    network.feature_projection.bias.assign(numbers.normal(size=6))
    pictures = numbers.normal(size=(4, 64, 64, 1)).astype(np.float32)
    mask = np.array([[True, True], [True, False]])
    expected = network.project(network.features(pictures.reshape(2, 2, 64, 64, 1)), mask)  # (2, P, depth)
    encoder = folded(network.encoder)
    model = network.projecting(encoder)
    before = [type(layer).__name__ for layer in model.layers].index("UpSampling2D")
    assert model.layers[before].input.shape[-1] == 6  # as deep as the projection already
    found = network.from_projected(np.reshape(model(pictures), (2, 2, 8, 8, 6)), mask)
    np.testing.assert_allclose(found, expected, atol=3e-5)
    assert np.abs(expected).max() > 0.5 and not np.any(expected[1, 64:])
    network.projecting(encoder)  # again: the encoder is as it was
