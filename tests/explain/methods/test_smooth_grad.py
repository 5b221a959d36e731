"""SmoothGrad: on a straight line noise changes nothing, and without noise it is the gradient."""

import numpy as np

from explain.methods.base import method
from explain.methods.graphs import graphs_of
from tests.explain.linear_model import CELL, SLOPE, against_normal, pictures, stretched


def test_a_linear_model_gives_the_size_of_its_slopes(linear):
    found = against_normal("smooth-grad", linear, pictures(), samples=3)
    np.testing.assert_allclose(found.maps[0], np.abs(stretched(SLOPE)) / CELL**2, atol=1e-6)


def test_without_noise_it_is_the_gradient(tiny, study):
    from captioner.images.preprocessing import prepare

    views, mask = prepare(study, tiny.config["preparation"])
    token, against, position = (np.array([number], np.int32) for number in (4, -1, 0))
    _, gradient = graphs_of(tiny).pixels_gradient(
        views[None], mask, np.zeros((1, 0), np.float32), token, against, position
    )
    found = method("smooth-grad", samples=2, noise=0.0).explain(tiny, study, [4])
    np.testing.assert_allclose(found.maps[0], np.abs(gradient.numpy()[0, 0, ..., 0]), atol=1e-7)


def test_the_seed_decides_and_the_batch_does_not(tiny, study):
    def maps(**settings):
        return method("smooth-grad", **{"samples": 5, **settings}).explain(tiny, study, [4]).maps

    np.testing.assert_allclose(maps(batch=2), maps(batch=5), atol=1e-7)
    assert np.abs(maps(seed=1) - maps()).max() > 1e-7
