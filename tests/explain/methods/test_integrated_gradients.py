"""Integrated gradients of a linear model are known; of any other they must add up."""

import numpy as np
import pytest

from captioner import Study
from explain.methods.base import method
from explain.methods.empty_picture import empty_pictures
from tests.explain.linear_model import CELL, EFFUSION, SLOPE, against_normal, pictures, stretched


@pytest.mark.parametrize("kind", ["black", "grey", "blurred"])
def test_a_linear_model_gives_each_pixel_its_slope_times_its_way(kind, linear):
    views, mask = pictures()
    start = {
        "black": np.zeros_like(views),
        "grey": np.ones_like(views) * views.mean(axis=(1, 2, 3), keepdims=True),
        "blurred": empty_pictures(views, "blurred", {}),
    }[kind]
    found = against_normal("integrated-gradients", linear, (views, mask), steps=3, kind=kind)
    expected = stretched(SLOPE) / CELL**2 * (views - start)[..., 0]
    np.testing.assert_allclose(found.maps[0], expected, atol=1e-6)
    assert abs(found.details["gap"][0]) < 1e-5
    assert found.details["target"][0] - found.details["baseline"][0] == pytest.approx(expected.sum(), abs=1e-5)


def test_on_a_curve_the_gap_closes_with_the_steps(linear):
    """The rule of the middles is wrong by a fourth with twice the steps; with sixteen only rounding would be left."""
    methods = [method("integrated-gradients", steps=steps, kind="black") for steps in (1, 2, 4)]
    gaps = [abs(one.explain(linear, pictures(), [EFFUSION]).details["gap"][0]) for one in methods]
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2] > 4e-7


def test_the_sum_and_the_gap_are_told_apart(tiny, study):
    for views in (study, Study(study.frontal, None)):
        found = method("integrated-gradients", steps=64).explain(tiny, views, [4, 5], [1])
        after, before, gap = (found.details[key][0] for key in ("target", "baseline", "gap"))
        assert found.maps.sum() == pytest.approx(after - before + gap, abs=1e-5)
        assert abs(gap) < 0.1 * abs(after - before)


def test_the_batch_does_not_matter(tiny, study):
    maps = [method("integrated-gradients", steps=7, batch=batch).explain(tiny, study, [4]).maps for batch in (2, 7)]
    np.testing.assert_allclose(*maps, atol=1e-6)
