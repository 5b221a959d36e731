"""Sides and thirds: invented index terms, maps with their mass in a known place."""

import numpy as np
import pytest

from captioner.phantom import Wanted, render
from captioner.reports.index_locations import Place, placed_words
from explain.heatmap import Extent
from explain.metrics.side_agreement import agreement_of_others, agrees, shares


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


def test_maps_of_other_studies_by_hand():
    spreads = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [np.nan] * 4])
    places = [Place("right", None), Place("left", "lower"), Place("left", "upper"), Place("left", None)]
    sides, zones = agreement_of_others(spreads, places, ["a", "a", "b", "c"])
    np.testing.assert_allclose(sides, [0, 1, 1 / 2, 2 / 3])  # what has no mass is nobody's other
    np.testing.assert_allclose(zones, [np.nan, 1, 1 / 2, np.nan])
    assert np.isnan(agreement_of_others(spreads[:1], places[:1], ["a"])).all()


def test_maps_that_know_nothing_of_a_balanced_side_agree_half_the_time():
    """The mean of the others would be on the wrong side for every word, and agree with none."""
    sides = ["left", "right"] * 20
    right = np.random.default_rng(0).permutation([0.0, 1.0] * 20)
    spreads = np.stack([right, *[np.full(40, 1 / 3)] * 3], axis=1)
    found, _ = agreement_of_others(spreads, [Place(side, None) for side in sides], [str(n) for n in range(40)])
    assert found.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("name", "side", "zone"),
    [
        ("effusion", "left", "lower"),
        ("nodule", "right", "upper"),
        ("mass", "left", "middle"),
        ("opacity", "right", "lower"),
    ],
)
def test_a_phantoms_own_mask_agrees_with_its_index(name, side, zone):
    made = render(200_007, 64, [Wanted(name, side=side, zone=zone, degree=0.5)])
    words = placed_words(made.impression, made.mesh)
    spread = shares(made.findings[0].masks[0])
    assert words and all(word.place.side in (side, None) for word in words)
    assert agrees(spread, Place(side, zone)) == (True, True)
