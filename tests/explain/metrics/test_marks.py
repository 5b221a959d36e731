"""Marks of readers, against cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.metrics.marks import mark_density

SHARES = st.floats(0, 1)
POINTS = st.lists(st.tuples(SHARES, SHARES), max_size=8)


def test_one_mark_falls_off_as_a_gaussian_does():
    """In the middle of a cell, one standard deviation to the next: exp(-1/2), and exp(-1) on the diagonal."""
    found = mark_density([(0.55, 0.25)], (100, 100), cells=10, spread=0.1)
    assert np.unravel_index(found.argmax(), found.shape) == (2, 5)  # down, across
    for place, share in (((2, 6), 0.5), ((3, 5), 0.5), ((3, 6), 1.0), ((2, 7), 2.0)):
        assert found[place] / found[2, 5] == pytest.approx(np.exp(-share), rel=1e-5)


def test_a_mark_is_round_on_a_picture_that_is_not_square():
    """Twice as high as wide: the same distance in pixels is twice the share of the width."""
    found = mark_density([(0.5, 0.5)], (200, 100), cells=21, spread=0.1)
    assert found[10 + 2, 10] == pytest.approx(found[10, 10 + 4], rel=1e-5)


@given(POINTS)
def test_every_mark_counts_as_one_at_the_edge_too_and_the_order_does_not_matter(points):
    found = mark_density(points, (300, 240))
    assert found.sum(dtype=np.float64) == pytest.approx(len(points), abs=1e-4) and (found >= 0).all()
    assert np.allclose(found, mark_density(points[::-1], (300, 240)), atol=1e-6)
    single = [mark_density([point], (300, 240)) for point in points]
    assert np.allclose(found, np.sum(single, axis=0) if single else 0, atol=1e-5)
