"""The simple encoder-decoder: its step by hand, missing views, and that it says it has no attention."""

import keras
import numpy as np
import pytest

from captioner.models.densenet import ENCODERS
from captioner.models.simple import SimpleCaptioner
from captioner.training.rollout import greedy_ids
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "effusion", "."])


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return SimpleCaptioner(ENCODERS["densenet-tiny"], len(VOCABULARY), 5, (2, 2), depth=6, units=7, embedding=4)


def test_shapes_and_no_attention(network, batch):
    answer = network(batch)
    assert {name: tuple(value.shape) for name, value in answer.items()} == {"tokens": (3, 3, 7), "findings": (3, 5)}
    image_features = network.encode(batch["pictures"], batch["mask"])
    constants, state = network.begin(image_features, batch["mask"])
    assert not network.has_attention and image_features.shape == (3, 8, 6) and state.shape == (3, 14)
    logits, state, attention = network.step(image_features, constants, state, np.array([1, 1, 4]))
    assert logits.shape == (3, 7) and state.shape == (3, 14) and attention.shape == (3, 0)


def test_a_masked_view_changes_nothing_and_a_shown_one_does(network, batch):
    other = {**batch, "pictures": batch["pictures"].copy()}
    other["pictures"][1, 1] += 5.0
    other["pictures"][2, 0] -= 5.0
    before, after = network(batch)["tokens"], network(other)["tokens"]
    np.testing.assert_allclose(before, after, atol=1e-6)
    other["pictures"][0, 1] += 5.0
    assert np.abs(np.asarray(before)[0] - np.asarray(network(other)["tokens"])[0]).max() > 1e-4


def test_one_step_by_hand():
    """One unit, mean image feature 3, an LSTM worked out by hand: gates of sigmoid and tanh, h = o * tanh(c)."""
    network = SimpleCaptioner(ENCODERS["densenet-tiny"], 2, 1, (1, 1), depth=1, units=1, embedding=1)
    network.picture_vector.kernel.assign([[0.5], [1.0]])  # frontal, lateral
    network.picture_vector.bias.assign([0.25])
    network.begin_state.kernel.assign([[0.1, -0.2]])
    network.begin_state.bias.assign([0.0, 0.0])
    network.embedding.embeddings.assign([[0.0], [2.0]])
    network.cell.kernel.assign([[0.1, 0.2, 0.3, 0.4]])  # input gate, forget gate, candidate, output gate
    network.cell.recurrent_kernel.assign([[0.5, 0.6, 0.7, 0.8]])
    network.cell.bias.assign([0.0, 1.0, 0.0, 0.0])
    network.output_dense.kernel.assign([[1.0, -2.0]])
    network.output_dense.bias.assign([0.0, 0.5])

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    image_features = np.array([[[3.0], [1.0]]], "float32")
    constants, state = network.begin(image_features, np.array([[True, True]]))
    picture = 0.5 * 3 + 1.0 * 1 + 0.25  # 2.75
    h, c = np.tanh(0.1 * picture), np.tanh(-0.2 * picture)
    np.testing.assert_allclose(state, [[h, c]], atol=1e-6)
    logits, state, _ = network.step(image_features, constants, state, np.array([1]))
    into, forget, out = sigmoid(0.2 + 0.5 * h), sigmoid(0.4 + 0.6 * h + 1), sigmoid(0.8 + 0.8 * h)
    c = forget * c + into * np.tanh(0.6 + 0.7 * h)
    h = out * np.tanh(c)
    np.testing.assert_allclose(state, [[h, c]], atol=1e-6)
    np.testing.assert_allclose(logits, [[h + picture, 0.5 - 2 * (h + picture)]], atol=1e-5)


def test_teacher_forcing_is_step_after_step(network, batch):
    image_features = network.encode(batch["pictures"], batch["mask"])
    constants, state = network.begin(image_features, batch["mask"])
    forced = np.asarray(network(batch)["tokens"])
    for place in range(3):
        logits, state, _ = network.step(image_features, constants, state, batch["tokens"][:, place])
        np.testing.assert_allclose(logits, forced[:, place], atol=1e-5)


def test_the_batch_may_bring_features_instead_of_pictures(network, batch):
    features = {"features": network.features(batch["pictures"]), "mask": batch["mask"], "tokens": batch["tokens"]}
    for ours, theirs in zip(network(features).values(), network(batch).values()):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_array_equal(
        greedy_ids(network, VOCABULARY, features, 6), greedy_ids(network, VOCABULARY, batch, 6)
    )


def test_a_configuration_there_and_back(network):
    again = SimpleCaptioner.from_config(network.get_config())
    assert [tuple(weight.shape) for weight in again.weights] == [tuple(weight.shape) for weight in network.weights]
