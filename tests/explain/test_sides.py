"""Sides and thirds: invented index terms, maps with their mass in a known place."""

import numpy as np
import pytest

from captioner.index_places import Place, placed_words
from captioner.phantom import Wanted, render
from explain.heatmap import Extent
from explain.sides import agrees, average_of_others, shares


def test_the_patients_right_is_on_the_pictures_left():
    values = np.zeros((3, 4))
    values[0, 0] = 1
    spread = shares(values)
    assert spread[0] == 1
    assert agrees(spread, Place("right", "upper")) == (True, True)
    assert agrees(spread, Place("left", "lower")) == (False, False)
    assert agrees(spread, Place(None, None)) == (None, None)


def test_a_flat_map_is_on_no_side_and_in_no_third():
    spread = shares(np.ones((7, 7)))
    np.testing.assert_allclose(spread, [1 / 2, 1 / 3, 1 / 3, 1 / 3], atol=1e-12)
    assert agrees(spread, Place("left", None)) == agrees(spread, Place("right", None)) == (False, None)
    assert agrees(shares(np.zeros((2, 2))), Place("left", "upper")) == (False, False)


def test_negative_values_do_not_count_and_the_extent_moves_the_middle():
    assert shares(np.array([[-5.0, 1.0]]))[0] == 0
    assert shares(np.array([[0.0, 1.0]]), Extent(0, 0, 1, 0.5))[0] == 1
    assert shares(np.array([[1.0, 1.0, 1.0]]))[0] == pytest.approx(0.5)


def test_the_average_leaves_the_words_own_study_out():
    spreads = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [np.nan] * 4])
    found = average_of_others(spreads, ["a", "a", "b", "c"])
    np.testing.assert_allclose(found[0], spreads[2])
    np.testing.assert_allclose(found[2], [0.5, 0.5, 0.5, 0])
    np.testing.assert_allclose(found[3], spreads[:3].mean(axis=0))
    assert np.isnan(average_of_others(spreads[:1], ["a"])).all()


@pytest.mark.parametrize(("name", "side", "zone"), [
    ("effusion", "left", "lower"), ("nodule", "right", "upper"), ("mass", "left", "middle"),
    ("opacity", "right", "lower")])
def test_a_phantoms_own_mask_agrees_with_its_index(name, side, zone):
    made = render(200_007, 64, [Wanted(name, side=side, zone=zone, degree=0.5)])
    words = placed_words(made.impression, made.mesh)
    spread = shares(made.findings[0].masks[0])
    assert words and all(word.place.side in (side, None) for word in words)
    assert agrees(spread, Place(side, zone)) == (True, True)
