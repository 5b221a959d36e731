import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.errors import BadInput
from captioner.images.preprocessing import nearest, prepare, squashed, standardise
from captioner.images.study import Study, View
from tests.captioner.images.dicom_files import gradient

AREA = {"name": "area", "size": 32, "channels": 1}
SEED = {"name": "seed", "size": 224, "channels": 3, "missing_lateral": "repeat"}


def study(frontal, lateral=None):
    return Study(View("frontal", frontal), None if lateral is None else View("lateral", lateral))


def test_nearest_by_hand():
    # 256 to 224: output 7 is the first that has slipped by a whole pixel, 8 * 7 / 7.
    taken = nearest(np.arange(256)[None].repeat(256, axis=0), 224)[0]
    assert taken[:9].tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9] and taken[-1] == 254
    assert nearest(np.array([[1, 2], [3, 4]]), 4).tolist() == [[1, 1, 2, 2]] * 2 + [[3, 3, 4, 4]] * 2


@given(st.integers(1, 4000), st.integers(1, 4000))
@settings(max_examples=150)
def test_nearest_takes_the_pixels_that_opencv_takes(rows, columns):
    down = np.arange(rows, dtype=np.float32)[:, None]
    across = np.arange(columns, dtype=np.float32)[None]
    expected = cv2.resize(down, (1, 224), interpolation=cv2.INTER_NEAREST)[:, 0]
    np.testing.assert_array_equal(nearest(down.repeat(2, 1), 224)[:, 0], expected)
    expected = cv2.resize(across, (224, 1), interpolation=cv2.INTER_NEAREST)[0]
    np.testing.assert_array_equal(nearest(across.repeat(2, 0), 224)[0], expected)


@pytest.mark.parametrize("length", [36, 204, 232, 260])
def test_nearest_rounds_as_opencv_where_the_exact_fraction_would_not(length):
    across = np.arange(length, dtype=np.float32)[None]
    expected = cv2.resize(across, (224, 1), interpolation=cv2.INTER_NEAREST)[0]
    assert (np.arange(224) * length // 224 != expected).any()
    np.testing.assert_array_equal(nearest(across, 224)[0], expected)


def test_squashed_averages_where_it_shrinks():
    pixels = np.random.default_rng(0).integers(0, 256, (96, 64), np.uint8)
    blocks = pixels.reshape(32, 3, 32, 2).mean(axis=(1, 3))
    assert np.abs(squashed(pixels, 32) - blocks).max() <= 0.51


def test_squashed_interpolates_where_it_grows():
    ramp = np.arange(0, 160, 10, dtype=np.uint8)[None].repeat(16, axis=0)
    assert np.abs(squashed(ramp, 32)[0, :6] - [0, 2.5, 7.5, 12.5, 17.5, 22.5]).max() <= 0.5


@pytest.mark.parametrize("shape", [(64, 16), (16, 64), (33, 31), (32, 32), (500, 20)])
def test_squashed_may_shrink_one_way_and_grow_the_other(shape):
    square = squashed(gradient(*shape), 32)
    assert square.shape == (32, 32) and square.dtype == np.uint8
    assert np.abs(square.mean() - gradient(*shape).mean()) < 1.5


def test_a_wide_picture_that_shrinks_one_way_is_averaged_not_sampled():
    stripes = np.tile(np.array([0, 255], np.uint8), 64)[None].repeat(16, axis=0)  # 16 x 128
    assert np.abs(squashed(stripes, 32).astype(int) - 127.5).max() <= 1


def test_prepare_both_views():
    pictures, mask = prepare(study(gradient(64, 96), gradient(80, 40)[::-1]), AREA)
    assert pictures.shape == (2, 32, 32, 1) and pictures.dtype == np.float32
    assert mask.tolist() == [True, True] and mask.dtype == bool
    np.testing.assert_array_equal(pictures[0, :, :, 0], squashed(gradient(64, 96), 32).astype(np.float32) / 255)
    np.testing.assert_array_equal(pictures[1, :, :, 0], squashed(gradient(80, 40)[::-1], 32).astype(np.float32) / 255)


def test_a_missing_lateral_is_masked():
    pictures, mask = prepare(study(np.zeros((40, 40), np.uint8)), {**AREA, "mean": 0.5, "std": 0.25})
    assert mask.tolist() == [True, False] and (pictures[0] == -2).all() and not pictures[1].any()


def test_a_missing_lateral_is_the_frontal_again_where_the_checkpoint_says_so():
    pictures, mask = prepare(study(gradient()), SEED)
    assert mask.tolist() == [True, True]
    np.testing.assert_array_equal(pictures[0], pictures[1])


def test_the_seed_divides_by_255_and_takes_the_nearest_pixel():
    pictures, _ = prepare(study(gradient(256, 256), gradient(300, 500)), SEED)
    assert pictures.shape == (2, 224, 224, 3) and pictures.min() == 0 and pictures.max() < 1
    expected = cv2.resize(gradient(300, 500), (224, 224), interpolation=cv2.INTER_NEAREST).astype(np.float32) / 255
    for channel in range(3):
        np.testing.assert_array_equal(pictures[1, :, :, channel], expected)


def test_mean_and_deviation_of_each_channel():
    settings = {"size": 32, "channels": 3, "mean": [0.0, 0.5, 1.0], "std": [1.0, 0.5, 0.25]}
    got = standardise(np.full((32, 32), 255, np.uint8), settings)
    assert got.shape == (32, 32, 3) and got.dtype == np.float32
    assert got[0, 0].tolist() == [1.0, 1.0, 0.0]
    assert standardise(np.full((32, 32), 51.0, np.float32), {"channels": 1})[0, 0, 0] == np.float32(0.2)


def test_the_study_is_left_as_it_was():
    pixels = gradient()
    pixels.flags.writeable = False  # as read_study gives them
    prepare(study(pixels, pixels), AREA)
    prepare(study(pixels, pixels), SEED)
    np.testing.assert_array_equal(pixels, gradient())


@pytest.mark.parametrize(
    "change, setting",
    [
        ({"size": None}, "size"),
        ({"size": 31}, "size"),
        ({"size": 1025}, "size"),
        ({"size": "160"}, "size"),
        ({"size": True}, "size"),
        ({"size": 160.0}, "size"),
        ({"name": "bicubic"}, "name"),
        ({"name": ["area"]}, "name"),
        ({"channels": 2}, "channels"),
        ({"channels": [1]}, "channels"),
        ({"missing_lateral": "guess"}, "missing_lateral"),
        ({"mean": "x"}, "mean"),
        ({"mean": [0.1, 0.2]}, "mean"),
        ({"mean": None}, "mean"),
        ({"std": 0}, "std"),
        ({"std": -1}, "std"),
        ({"std": float("nan")}, "std"),
        ({"std": {}}, "std"),
    ],
)
def test_settings_that_are_not_known(change, setting):
    with pytest.raises(BadInput, match=f"preparation has an unusable {setting}"):
        prepare(study(gradient()), {**AREA, **change})


@pytest.mark.parametrize("settings", [None, [], "area", 3])
def test_settings_that_are_no_dictionary(settings):
    with pytest.raises(BadInput, match="not a dictionary"):
        prepare(study(gradient()), settings)
