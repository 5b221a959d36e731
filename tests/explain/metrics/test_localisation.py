"""The pointing game and the overlap, on maps and masks that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.heatmap import Extent
from explain.metrics.localisation import (
    argmax_location,
    iou,
    ious,
    mass_inside,
    otsu,
    pointing_game,
    random_pointing,
    stretched,
    widened,
)

BOTH = (True, True)


def one(row, column, size=4):
    values = np.zeros((size, size))
    values[row, column] = 1
    return values


def box(top, left, bottom, right, size=64):
    mask = np.zeros((size, size), bool)
    mask[top:bottom, left:right] = True
    return mask


@given(st.integers(0, 6), st.integers(0, 6))
def test_the_peak_of_one_cell_is_in_that_cell(row, column):
    down, across = argmax_location(one(row, column, 7))
    assert row / 7 <= down <= (row + 1) / 7 and column / 7 <= across <= (column + 1) / 7


def test_the_peak_lies_where_the_grid_lies_and_between_two_strong_cells():
    down, across = argmax_location(one(3, 3), Extent(0, 0, 0.5, 1))
    assert 3 / 8 <= down <= 0.5 and across >= 3 / 4
    down, _ = argmax_location(np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]]))
    assert down == pytest.approx(0.5, abs=0.01)


def test_a_flat_map_points_nowhere():
    assert argmax_location(np.full((3, 3), 0.2)) is None
    masks = np.ones((2, 8, 8), bool)
    assert pointing_game(np.zeros((2, 3, 3)), masks, BOTH) == dict(
        frontal=False, lateral=False, better=False, chosen=False
    )


def test_hits_by_view():
    values = np.stack([one(0, 0), 2 * one(3, 3)])
    masks = np.stack([box(0, 0, 16, 16), box(0, 0, 16, 16)])
    assert pointing_game(values, masks, BOTH) == dict(frontal=True, lateral=False, better=True, chosen=False)
    assert pointing_game(values[::-1], masks[::-1], BOTH) == dict(
        frontal=False, lateral=True, better=True, chosen=False
    )
    assert pointing_game(values, np.stack([masks[0], masks[0][::-1, ::-1]]), BOTH)["chosen"]


def test_a_view_or_a_mask_that_is_not_there_is_not_judged():
    values, masks = np.stack([one(0, 0), 2 * one(3, 3)]), np.stack([box(0, 0, 16, 16)] * 2)
    assert pointing_game(values, masks, (True, False)) == dict(frontal=True, lateral=None, better=True, chosen=True)
    masks[1] = False
    assert pointing_game(values, masks, BOTH) == dict(frontal=True, lateral=None, better=True, chosen=False)
    assert set(pointing_game(values, np.zeros_like(masks), BOTH).values()) == {None}
    assert set(ious(values, np.zeros_like(masks), BOTH).values()) == {None}


def test_the_margin_is_a_share_of_the_side():
    mask = box(0, 0, 1, 1, 100)
    assert widened(mask, 0).sum() == 1
    assert np.flatnonzero(widened(mask, 0.06)[0]).max() == 6 and not widened(mask, 0.06)[5, 5]
    values = np.stack([one(0, 0), one(0, 0)])
    masks = np.stack([box(0, 20, 16, 64)] * 2)  # 4 pixels beyond the cell of 16
    assert (
        not pointing_game(values, masks, BOTH, margin=0)["better"]
        and pointing_game(values, masks, BOTH, margin=0.3)["better"]
    )


def test_random_hits_by_hand():
    masks = np.stack([box(0, 0, 32, 64), box(0, 0, 16, 64)])
    found = random_pointing(masks, BOTH, margin=0)
    assert found == pytest.approx(dict(frontal=0.5, lateral=0.25, better=1 - 0.5 * 0.75, chosen=0.375))
    assert random_pointing(masks, (True, False), margin=0) == dict(frontal=0.5, lateral=None, better=0.5, chosen=0.5)


def test_random_hits_are_those_of_random_maps():
    rng = np.random.default_rng(0)
    masks = np.stack([box(10, 10, 40, 40), box(0, 0, 64, 20)])
    told = random_pointing(masks, BOTH)
    # A single bright cell at a random place; the brighter one says which view is chosen.
    maps = [np.stack([rng.random() * one(*rng.integers(64, size=2), 64) for _ in range(2)]) for _ in range(400)]
    tried = [pointing_game(values, masks, BOTH) for values in maps]
    for name in told:
        assert np.mean([each[name] for each in tried]) == pytest.approx(told[name], abs=0.08)


def test_otsu_parts_two_heaps():
    values = np.array([[0.0, 0.1, 0.1], [0.9, 1.0, 0.1]])
    assert otsu(values).tolist() == [[False] * 3, [True, True, False]]
    assert not otsu(np.ones((2, 2))).any() and not otsu(-np.ones((2, 2)) * np.eye(2)).any()


def test_overlap_is_intersection_over_union():
    first, second = box(0, 0, 2, 4, 4), box(1, 0, 3, 4, 4)
    assert iou(first, second) == pytest.approx(4 / 12)
    assert iou(first & False, second & False) is None


def test_overlaps_of_a_map_that_is_the_mask():
    masks = np.stack([box(8, 8, 24, 24), box(0, 0, 8, 64)])
    assert ious(masks.astype(float), masks, BOTH) == dict(frontal=1, lateral=1, better=1)
    assert ious(masks[::-1].astype(float), masks, BOTH)["better"] == 0


def test_stretched_stays_in_range_and_in_its_extent():
    laid = stretched(one(0, 0, 3), (32, 32), Extent(0, 0, 0.5, 1))
    assert laid.min() == 0 and laid.max() == 1 and not laid[16:].any()


def test_the_share_of_the_map_inside():
    mask = np.zeros((8, 8), bool)
    mask[:4] = True
    values = np.zeros((8, 8), np.float32)
    values[0, 0], values[7, 7], values[7, 0] = 3, 1, -9  # what spoke against counts for nothing
    assert mass_inside(values, mask) == pytest.approx(0.75)
    assert mass_inside(np.zeros((8, 8)), mask) == 0 and mass_inside(np.ones((2, 2)), mask) == pytest.approx(0.5)


@pytest.mark.parametrize(("beside", "hit"), [(0, True), (14, True), (15, True), (16, False), (40, False)])
def test_the_margin_of_the_pointing_game_is_15_pixels_of_256(beside, hit):
    """The 15 pixels of Zhang et al. 2018, as a share of the picture's side."""
    masks, values = np.zeros((2, 256, 256), bool), np.zeros((2, 256, 256))
    masks[0, 100:120, 100:120] = True
    values[0, 110, 119 + beside] = 1
    assert pointing_game(values, masks, (True, False))["frontal"] is hit
