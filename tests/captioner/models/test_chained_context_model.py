"""Chained context: the flows by hand, views that never mix, and the attention captioner that it starts from."""

import keras
import numpy as np
import pytest

from captioner.checkpoint.store import named_weights
from captioner.models.attention import AttentionCaptioner
from captioner.models.chained_context import POOLS, ChainedContextCaptioner
from captioner.models.densenet import ENCODERS

GRID = (4, 4)


@pytest.fixture(scope="module")
def network():
    """With context: at first its weights are zeros, and nothing would be seen of it."""
    keras.utils.set_random_seed(3)
    network = ChainedContextCaptioner(ENCODERS["densenet-tiny"], 7, 5, GRID, depth=8, units=7, embedding=4)
    network.add_context.kernel.assign(np.random.default_rng(0).normal(size=(2, 8)))
    return network


@pytest.fixture
def batch():
    rng = np.random.default_rng(2)
    mask = np.array([[True, True], [True, False], [False, True]])
    return {
        "features": rng.normal(size=(3, 2, *GRID, 14)).astype("float32"),
        "mask": mask,
        "tokens": np.array([[1, 4, 5], [1, 4, 4], [1, 5, 6]], "int32"),
    }


def test_shapes_and_attention_over_both_views(network, batch):
    answer = network(batch)
    assert {name: tuple(value.shape) for name, value in answer.items()} == {
        "tokens": (3, 3, 7),
        "findings": (3, 5),
        "attention": (3, 3, 32),
    }
    attention = np.asarray(answer["attention"])
    np.testing.assert_allclose(attention.sum(axis=-1), 1, atol=1e-5)
    assert (attention[1, :, 16:] == 0).all() and (attention[2, :, :16] == 0).all()


def test_a_missing_view_changes_nothing_and_the_views_never_mix(network, batch):
    other = {**batch, "features": batch["features"].copy()}
    other["features"][1, 1] += 5.0
    other["features"][2, 0] -= 5.0
    for before, after in zip(network(batch).values(), network(other).values()):
        np.testing.assert_allclose(before, after, atol=1e-5)
    image_features = np.asarray(network.project(batch["features"], batch["mask"]))
    assert (image_features[1, 16:] == 0).all() and (image_features[2, :16] == 0).all() and image_features[1, :16].any()
    other["features"][0, 1] += 5.0
    changed = np.asarray(network.project(other["features"], batch["mask"]))
    np.testing.assert_allclose(changed[0, :16], image_features[0, :16], atol=1e-6)
    assert np.abs(changed[0, 16:] - image_features[0, 16:]).max() > 0.01


def test_it_starts_as_the_attention_captioner_whose_weights_it_takes(batch):
    keras.utils.set_random_seed(4)
    attention = AttentionCaptioner(ENCODERS["densenet-tiny"], 7, 5, GRID, depth=8, units=7, embedding=4)
    network = ChainedContextCaptioner(ENCODERS["densenet-tiny"], 7, 5, GRID, depth=8, units=7, embedding=4)
    taken = named_weights(attention)
    for name, variable in named_weights(network).items():
        if name in taken:
            variable.assign(taken.pop(name))
    assert not taken
    for ours, theirs in zip(network(batch).values(), attention(batch).values()):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_every_cell_hears_of_every_other_of_its_view(network, batch):
    """The global flow: one cell in a corner, and the image features of the opposite corner changes."""
    other = batch["features"].copy()
    other[0, 0, 0, 0] += 9.0
    before = np.asarray(network.project(batch["features"], batch["mask"]))
    after = np.asarray(network.project(other, batch["mask"]))
    assert np.abs(before - after)[0, 15].max() > 1e-4


def relu(x):
    return np.maximum(x, 0)


def norm(x, layer):
    return (x - x.mean()) / np.sqrt(x.var() + layer.epsilon) * np.asarray(layer.gamma) + np.asarray(layer.beta)


def test_the_flows_by_hand():
    """Flows of two channels on a grid of 2 x 2: every pool leaves one cell, so each convolution is its centre."""
    network = ChainedContextCaptioner(ENCODERS["densenet-tiny"], 3, 1, (2, 2), depth=8, units=2, embedding=1)
    rng = np.random.default_rng(1)
    for layer in (
        network.global_flow,
        network.flow_score,
        network.add_context,
        *sum(sum(network.context_flows, []), ()),
    ):
        for variable in layer.weights:
            variable.assign(rng.normal(size=variable.shape))
    views = rng.normal(size=(1, 2, 2, 8)).astype("float32")
    pooled = views.mean(axis=(1, 2))[0]  # (8,)
    flow = relu(pooled @ np.asarray(network.global_flow.kernel) + np.asarray(network.global_flow.bias))  # (2,)
    flows = [flow]
    for turns in network.context_flows:
        flow = np.concatenate([pooled, flow])
        for convolution, layer in turns:
            flow = relu(norm(flow @ np.asarray(convolution.kernel)[1, 1], layer))
        flows.append(flow)
    assert len(flows) == 1 + len(POOLS)
    scores = np.array(
        [flow @ np.asarray(network.flow_score.kernel) for flow in flows]
    )  # the same offset for all drops out
    weights = np.exp(scores) / np.exp(scores).sum()
    fused = (weights * np.array(flows)).sum(axis=0)  # (2,)
    expected = fused @ np.asarray(network.add_context.kernel) + np.asarray(network.add_context.bias)
    np.testing.assert_allclose(network._aggregate(views), np.broadcast_to(expected, (1, 2, 2, 8)), atol=1e-4)


def test_a_context_flow_pools_convolves_and_comes_back_to_size(network):
    """Two pools of a constant picture give the same constant; of halves they keep left and right apart."""
    identity = np.zeros((3, 3, 2, 2), "float32")
    identity[1, 1] = np.eye(2)

    def plain(x):
        return x

    def convolution(x):
        return keras.ops.conv(x, identity, padding="same")

    x = np.zeros((1, 4, 4, 2), "float32")
    x[:, :, :2, 0], x[:, :, 2:, 1] = 4.0, 8.0
    came = np.asarray(network._context_flow(x, 2, [(convolution, plain), (convolution, plain)]))
    assert came.shape == (1, 4, 4, 2)
    np.testing.assert_allclose(
        came[0, :, :, 0], np.tile([4, 3, 1, 0], (4, 1)), atol=1e-5
    )  # bilinear between two columns
    np.testing.assert_allclose(came[0, :, :, 1], np.tile([0, 2, 6, 8], (4, 1)), atol=1e-5)


def test_a_configuration_there_and_back(network):
    again = ChainedContextCaptioner.from_config(network.get_config())
    assert [tuple(weight.shape) for weight in again.weights] == [tuple(weight.shape) for weight in network.weights]
