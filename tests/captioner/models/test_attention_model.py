"""The attention captioner's network: its attention by hand, masking, and the encoder against keras.applications."""

import keras
import numpy as np
import pytest

from captioner.models.attention import AttentionCaptioner
from captioner.models.densenet import ENCODERS, EncoderConfig, build_encoder
from captioner.training.rollout import greedy_ids
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "effusion", "."])


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return AttentionCaptioner(ENCODERS["densenet-tiny"], len(VOCABULARY), 5, (2, 2), depth=6, units=7, embedding=4)


def test_shapes_and_attention_over_both_views(network, batch):
    answer = network(batch)
    assert (
        answer["tokens"].shape == (3, 3, 7)
        and answer["findings"].shape == (3, 5)
        and answer["attention"].shape == (3, 3, 8)
    )
    attention = keras.ops.convert_to_numpy(answer["attention"])
    assert (attention >= 0).all()
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    assert (attention[1, :, 4:] == 0).all() and (attention[2, :, :4] == 0).all()


def test_a_masked_view_changes_nothing(network, batch):
    other = {**batch, "pictures": batch["pictures"].copy()}
    other["pictures"][1, 1] += 5.0
    other["pictures"][2, 0] -= 5.0
    for before, after in zip(network(batch).values(), network(other).values()):
        np.testing.assert_allclose(before, after, atol=1e-5)


def test_additive_attention_by_hand():
    """One unit, two cells of 1 and 3, weights of one: scores tanh(1), tanh(3), their softmax, the weighted cell."""
    network = AttentionCaptioner(ENCODERS["densenet-tiny"], 4, 1, (1, 1), depth=1, units=1, embedding=1)
    network.attend_memory.kernel.assign([[1.0]])
    network.attend_state.kernel.assign([[0.0]])
    network.attend_state.bias.assign([0.0])
    network.attend_score.kernel.assign([[1.0]])
    image_features = np.array([[[1.0], [3.0]]], "float32")
    constants, state = network.begin(image_features, np.array([[True, True]]))
    _, _, attention = network.step(image_features, constants, state, np.array([1]))
    first, second = np.exp(np.tanh(1.0)), np.exp(np.tanh(3.0))
    np.testing.assert_allclose(attention, [[first / (first + second), second / (first + second)]], atol=1e-6)


def test_a_configuration_there_and_back(network):
    again = AttentionCaptioner.from_config(network.get_config())
    assert [tuple(weight.shape) for weight in again.weights] == [tuple(weight.shape) for weight in network.weights]


def test_greedy_ids_agree_with_teacher_forcing(network, batch):
    ids = greedy_ids(network, VOCABULARY, batch, 6)
    for row in range(3):
        forced = {
            **{key: value[row : row + 1] for key, value in batch.items()},
            "tokens": np.concatenate([[1], ids[row, :-1]])[None].astype("int32"),
        }
        logits = keras.ops.convert_to_numpy(network(forced)["tokens"])[0]
        logits[:, [0, 1, 3]] = -np.inf
        length = list(ids[row]).index(2) + 1 if 2 in ids[row] else 6
        np.testing.assert_array_equal(logits.argmax(axis=-1)[:length], ids[row, :length])


@pytest.mark.long
def test_densenet_121_is_the_library_s():
    """The same names, shapes and answer as keras.applications' DenseNet-121, given the same weights.

    In the ordinary suite tests/captioner/seed_import/test_convert.py holds the imported network against it.
    """
    ours = build_encoder(EncoderConfig(channels=3))
    theirs = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(64, 64, 3))
    by_path = {variable.path: variable for variable in theirs.variables}
    assert {variable.path for variable in ours.variables} == set(by_path)
    rng = np.random.default_rng(0)
    for variable in ours.variables:
        value = rng.normal(size=variable.shape, scale=0.05) + (
            1.0 if "variance" in variable.path or "gamma" in variable.path else 0
        )
        variable.assign(value)
        by_path[variable.path].assign(value)
    picture = rng.normal(size=(1, 64, 64, 3)).astype("float32")
    np.testing.assert_allclose(ours(picture), theirs(picture), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("stride, cells", [(32, 5), (16, 10)])
def test_the_grid_is_a_setting(stride, cells):
    config = EncoderConfig(blocks=(1, 1, 1, 1), growth=(4, 4, 4, 4), stem=4, bottleneck=1, stride=stride)
    assert build_encoder(config)(np.zeros((1, 160, 160, 1), "float32")).shape[1:3] == (cells, cells)
