"""Pictures without content."""

import numpy as np
import pytest

from explain.methods.empty_picture import KINDS, empty_pictures

PREPARATION = {"size": 32, "channels": 3, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.5, 1.0]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_and_type(kind, channels):
    pictures = np.random.default_rng(0).random((2, 32, 32, channels), np.float32)
    made = empty_pictures(pictures, kind, {**PREPARATION, "channels": channels, "mean": 0.5, "std": 0.2})
    assert made.shape == pictures.shape and made.dtype == np.float32 and made.flags.writeable


def test_black_is_black_in_the_networks_numbers():
    made = empty_pictures(np.ones((2, 32, 32, 3), np.float32), "black", PREPARATION)
    np.testing.assert_allclose(made[1, 5, 7], [-2.5, -0.8, -0.3], rtol=1e-6)


def test_grey_is_each_views_own_mean():
    pictures = np.zeros((2, 32, 32, 3), np.float32)
    pictures[0, :16] = 1
    made = empty_pictures(pictures, "grey", PREPARATION)
    assert (made[0] == 0.5).all() and (made[1] == 0).all()


def test_blurred_keeps_the_exposure_and_loses_a_rib():
    pictures = np.zeros((2, 32, 32, 1), np.float32)
    pictures[0, 15:17] = 1  # a rib
    pictures[1, :, 16:] = 1  # one bright half
    made = empty_pictures(pictures, "blurred", PREPARATION)
    assert made[0].max() < 0.3
    assert made[1, 0, 0, 0] < 0.05 and made[1, 0, 31, 0] > 0.95
    np.testing.assert_allclose(made.mean(axis=(1, 2, 3)), pictures.mean(axis=(1, 2, 3)), atol=0.02)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="'noise'"):
        empty_pictures(np.zeros((2, 32, 32, 1), np.float32), "noise", PREPARATION)
