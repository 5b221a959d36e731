"""Grad-CAM by hand, and its gradient against finite differences."""

import numpy as np
import pytest

from explain.methods.base import method
from explain.methods.grad_cam import combine
from explain.methods.graphs import graphs_of
from tests.explain.linear_model import EFFUSION, EVIDENCE, NORMAL, STOP, cells, pictures


def by_hand(views):
    """The map of "effusion" against "normal": the gradient is the evidence itself, the weights are its means."""
    mean = cells(views[..., 0])  # (2, 2, 2)
    bright, dark = (EVIDENCE[..., feature].mean(axis=(1, 2))[:, None, None] for feature in (0, 1))
    return np.maximum(bright * mean + dark * (1 - mean), 0)


def test_against_another_word_the_map_is_worked_out_by_hand(linear):
    views, mask = pictures()
    found = method("grad-cam").explain(linear, (views, mask), [EFFUSION], alternatives={0: NORMAL})
    np.testing.assert_allclose(found.maps[0], by_hand(views), atol=1e-5)
    assert (found.maps[0, 1] == 0).any() and found.maps[0, 0].min() > 0  # the rectifier cuts, and not everywhere


def test_alone_the_map_is_that_times_the_probability_of_all_else(linear):
    # d log p / d logit = 1 - p
    views, mask = pictures()
    found = method("grad-cam").explain(linear, (views, mask), [EFFUSION, STOP, EFFUSION], [0, 2])
    for word, log_prob in enumerate(found.details["target"]):
        np.testing.assert_allclose(found.maps[word], (1 - np.exp(log_prob)) * by_hand(views), rtol=1e-4)
    assert found.details["target"][1] > found.details["target"][0]  # after the full stop it is likelier


def test_features_and_gradients_of_two_channels():
    features = np.array([[[[1, 2], [3, 4]]], [[[1, 0], [0, 1]]]], np.float32)  # (2 views, 1 x 2 cells, 2 channels)
    gradients = np.array([[[[[1, 0], [3, -2]]], [[[0, 0], [0, -2]]]]], np.float32)
    # Weights: frontal (2, -1), lateral (0, -1).
    np.testing.assert_array_equal(combine(features, gradients), [[[[0, 2]], [[0, 0]]]])


NOTHING_TOLD = np.zeros((1, 0), np.float32)  # to a decoder that can be told nothing


def test_gradients_are_finite_differences(tiny, study):
    from captioner.images.preprocessing import prepare

    views, mask = prepare(study, tiny.config["preparation"])
    graphs = graphs_of(tiny)
    features = graphs.features(views[None]).numpy()
    tokens, against = np.array([4, 5, 6], np.int32), np.array([-1, 7, -1], np.int32)
    _, gradients = graphs.features_gradient(features, mask, NOTHING_TOLD, tokens, against, [2, 1])
    rng = np.random.default_rng(0)
    for word, position in ((0, 2), (1, 1)):
        way = rng.standard_normal(features.shape).astype(np.float32)
        ends = np.concatenate([features + 1e-2 * way, features - 1e-2 * way])
        after, before = graphs.of_features(ends, mask, NOTHING_TOLD, tokens, against).numpy()[position]
        assert (gradients.numpy()[word] * way[0]).sum() == pytest.approx((after - before) / 2e-2, rel=0.03, abs=1e-4)
