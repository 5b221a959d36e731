"""Occlusion by hand, and its windows counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.methods.base import method
from explain.methods.occlusion import averaged, windows
from tests.explain.linear_model import SLOPE, against_normal, cells, pictures, stretched


@pytest.mark.parametrize("kind", ["black", "grey"])
def test_a_patch_as_large_as_a_cell_costs_its_slope_times_the_change(kind, linear):
    views, mask = pictures()
    found = against_normal("occlusion", linear, (views, mask), patch=0.5, stride=1.0, kind=kind, batch=3)
    mean = cells(views[..., 0])
    filled = views.mean(axis=(1, 2, 3))[:, None, None] if kind == "grey" else 0
    np.testing.assert_allclose(found.maps[0], stretched(SLOPE * (mean - filled)), atol=1e-5)


def test_overlapping_patches_are_averaged(linear):
    # A patch of 4 pixels each 2: pixel (0, 0) is under one, pixel (2, 2) under four, one of them a cell's own.
    views, mask = np.zeros((2, 8, 8, 1), np.float32), np.array([True, True])
    views[0, :4, :4] = 1
    found = against_normal("occlusion", linear, (views, mask), patch=0.5, stride=0.5, kind="black")
    slope = SLOPE[0, 0, 0]
    assert found.maps[0, 0, 0, 0] == pytest.approx(slope, abs=1e-5)
    assert found.maps[0, 0, 0, 2] == pytest.approx((1 + 1 / 2) / 2 * slope, abs=1e-5)
    assert found.maps[0, 0, 2, 2] == pytest.approx((1 + 1 / 2 + 1 / 2 + 1 / 4) / 4 * slope, abs=1e-5)
    assert found.maps[0, 0, 7, 7] == 0 and np.abs(found.maps[0, 1]).max() < 1e-6


def test_the_batch_does_not_matter(tiny, study):
    maps = [method("occlusion", patch=0.4, batch=batch).explain(tiny, study, [4, 5]).maps for batch in (3, 50)]
    np.testing.assert_allclose(*maps, atol=1e-5)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 9), st.data())
def test_windows_reach_every_place(rows, columns, side, data):
    stride = data.draw(st.integers(1, side))
    covers = windows((rows, columns), side, stride)
    assert (covers[:, 2:] - covers[:, :2] == [min(side, rows), min(side, columns)]).all()
    assert covers.min() >= 0 and covers[:, 2].max() == rows and covers[:, 3].max() == columns
    # Every place is covered: a fall of 1 everywhere averages to 1 everywhere.
    np.testing.assert_array_equal(averaged(np.ones((1, len(covers))), covers, (rows, columns)), 1)
