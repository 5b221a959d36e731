import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from captioner.images import intensity


@pytest.mark.parametrize(
    "largest, expected",
    [
        (255, 255),
        (256, round(256 / 1023 * 255)),
        (1023, 255),
        (4095, 255),
        (4096, round(4096 / 16383 * 255)),
        (16383, 255),
        (16384, round(16384 / 65535 * 255)),
        (65535, 255),
    ],
)
def test_from_depth_takes_the_smallest_depth_that_holds_the_largest(largest, expected):
    assert intensity.from_depth(np.array([[0, largest]], np.uint16)).tolist() == [[0, expected]]


@given(hypothesis_numpy.arrays(np.uint16, (3, 4)))
def test_from_depth_keeps_the_order(values):
    scaled = intensity.from_depth(values).astype(int).ravel()[np.argsort(values, axis=None, kind="stable")]
    assert (np.diff(scaled) >= 0).all()


def test_from_range_by_hand():
    values = np.array([[-50.0, -10.0, 0.0, 10.0, 30.0, 90.0, np.nan, np.inf]])
    assert intensity.from_range(values, -10, 30).tolist() == [[0, 0, 64, 128, 255, 255, 0, 0]]


@given(hypothesis_numpy.arrays(np.float64, (5, 3), elements=st.floats(allow_subnormal=True)))
def test_from_range_takes_any_doubles(values):
    scaled = intensity.from_range(values)
    finite = values[np.isfinite(values)]
    spread = bool(finite.size) and finite.max() / 2 - finite.min() / 2 > 0
    ends = {255: values == finite.max(), 0: values == finite.min()} if spread else {0: np.full(values.shape, True)}
    for level, at in ends.items():
        assert (scaled[at] == level).all()


def test_from_range_takes_signalling_nans():
    values = np.array([[0x7F800001, 0x3F800000, 0]], np.uint32).view(np.float32)  # a signalling NaN, 1, 0
    with np.errstate(all="raise"):
        assert intensity.from_range(values).tolist() == [[0, 255, 0]]


def test_from_range_in_strips_equals_one_piece():
    values = np.random.default_rng(0).normal(size=(intensity.ROWS_AT_A_TIME * 2 + 3, 4))
    expected = np.rint((values - values.min()) / np.ptp(values) * 255)
    np.testing.assert_array_equal(intensity.from_range(values), expected)


def test_luma_by_hand():
    channels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]]], np.uint8)
    pixels, colour = intensity.from_channels(channels)
    assert pixels.tolist() == [[76, 150, 29, 90]] and colour
