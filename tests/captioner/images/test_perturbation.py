"""Changed pictures, against what they must be pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from captioner import BadInput, Study, View
from captioner.images.perturbation import FILLS, GRID, Changes, ViewChange, change, intervene, rectangle

PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40)))


def a_study(lateral=True):
    draw = np.random.default_rng(3)
    front, side = draw.integers(0, 256, (60, 50), np.uint8), draw.integers(0, 256, (70, 40), np.uint8)
    return Study(View("frontal", front), View("lateral", side) if lateral else None, ("a notice",))


@given(PICTURES, st.floats(-100, 100), st.floats(0.25, 4))
def test_brightness_and_contrast_pixel_by_pixel(pixels, brightness, contrast):
    changed = change(pixels, ViewChange(brightness=brightness, contrast=contrast))
    assert changed.dtype == np.uint8 and changed.shape == pixels.shape
    for place in np.ndindex(*pixels.shape[:1]):
        expected = min(max(round((float(pixels[place][0]) - 127.5) * contrast + 127.5 + brightness), 0), 255)
        assert abs(int(changed[place][0]) - expected) <= (brightness != 0 or contrast != 1)


@given(PICTURES)
def test_nothing_asked_changes_nothing(pixels):
    assert change(pixels, ViewChange()) is pixels
    assert change(pixels, ViewChange(mask=np.zeros((GRID, GRID), np.uint8))) is pixels
    assert ViewChange(mask=np.zeros((GRID, GRID), np.uint8)).nothing and Changes().nothing


@pytest.mark.parametrize("name", FILLS)
def test_paint_covers_its_part_and_leaves_the_rest(name):
    pixels = np.random.default_rng(0).integers(1, 255, (96, 128), np.uint8)
    mask = np.zeros((GRID, GRID), np.uint8)
    mask[rectangle(0.5, 0, 1, 0.25)] = list(FILLS).index(name) + 1
    changed = change(pixels, ViewChange(mask=mask))
    rest = np.ones(pixels.shape, bool)
    rest[48:, :32] = False
    assert np.array_equal(changed[rest], pixels[rest])
    covered, spread = changed[48:, :32], pixels[48:, :32].std() / 3 if name == "blurred" else 0
    level = {"black": 0, "white": 255, "grey": round(pixels.mean()), "blurred": pixels[48:, :32].mean()}[name]
    assert covered.std() <= spread
    assert covered.mean() == pytest.approx(level, abs=12 if name == "blurred" else 0)


def test_a_picture_smaller_than_the_mask_is_painted_where_its_pixels_lie():
    mask = np.zeros((GRID, GRID), np.uint8)
    mask[: GRID // 2] = 3
    changed = change(np.full((10, 12), 7, np.uint8), ViewChange(mask=mask))
    assert (changed[:5] == 255).all() and (changed[5:] == 7).all()


def test_views_are_blanked_left_out_and_swapped_and_the_study_stays():
    study = a_study()
    kept = study.frontal.pixels.copy(), study.lateral.pixels.copy()
    blank = intervene(study, Changes(ViewChange(presence="blank")))
    assert not blank.frontal.pixels.any() and np.array_equal(blank.lateral.pixels, kept[1])
    assert intervene(study, Changes(lateral=ViewChange(presence="absent"))).lateral is None
    swapped = intervene(study, Changes(ViewChange(brightness=9), swap=True))
    assert np.array_equal(swapped.frontal.pixels, kept[1]) and swapped.frontal.name == "frontal"
    assert np.array_equal(swapped.lateral.pixels, change(kept[0], ViewChange(brightness=9)))
    assert np.array_equal(study.frontal.pixels, kept[0]) and np.array_equal(study.lateral.pixels, kept[1])
    assert swapped.notices == study.notices
    assert not Changes(swap=True).nothing


@pytest.mark.parametrize(
    ("study", "changes", "sentence"),
    [
        (a_study(), Changes(ViewChange(presence="absent")), "cannot be left out"),
        (a_study(lateral=False), Changes(swap=True), "no lateral"),
        (a_study(), Changes(lateral=ViewChange(presence="absent"), swap=True), "no lateral"),
    ],
)
def test_what_a_study_cannot_take_is_refused(study, changes, sentence):
    with pytest.raises(BadInput, match=sentence):
        intervene(study, changes)


def test_a_missing_lateral_stays_missing():
    assert intervene(a_study(lateral=False), Changes(lateral=ViewChange(brightness=50))).lateral is None


@given(*[st.floats(0, 1)] * 4)
def test_a_rectangle_is_its_cells_by_their_centres(top, left, bottom, right):
    cells = rectangle(top, left, bottom, right)
    row, column = 77, 31
    inside = top <= (row + 0.5) / GRID < bottom and left <= (column + 0.5) / GRID < right
    assert cells[row, column] == inside
