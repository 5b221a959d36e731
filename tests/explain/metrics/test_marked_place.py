"""A mark before a mask, on masks whose centres and distances can be worked out with a pencil."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.metrics.marked_place import centres, marked_place


def boxes(*sides, shape=(40, 80)):
    """A mask of rectangles, each `(top, left, bottom, right)` in pixels."""
    mask = np.zeros(shape, bool)
    for top, left, bottom, right in sides:
        mask[top:bottom, left:right] = True
    return mask


def test_the_centre_of_a_box_is_its_middle_and_two_lungs_have_two_centres():
    assert centres(boxes((10, 20, 20, 40))) == [(pytest.approx(30 / 80), pytest.approx(15 / 40))]
    large, small = centres(boxes((10, 4, 20, 14), (10, 50, 30, 70)))
    assert large == (pytest.approx(60 / 80), pytest.approx(20 / 40)) and small[0] == pytest.approx(9 / 80)
    assert len(centres(boxes((10, 20, 30, 60), (0, 0, 1, 1)))) == 1  # a single pixel beside 800 is a speck


def test_inside_outside_and_how_far():
    mask = boxes((10, 20, 20, 40))  # 10 rows of 40 and 20 columns of 80: a sixteenth of the picture
    at_the_centre = marked_place((30 / 80, 15 / 40), mask)
    assert at_the_centre.inside and at_the_centre.distance == pytest.approx(0) and at_the_centre.chance == 1 / 16
    # 30 pixels to the right and 0 down, of a longer side of 80
    beside = marked_place((60 / 80, 15 / 40), mask)
    assert not beside.inside and beside.distance == pytest.approx(30 / 80)
    # 24 across and 18 down: 30 pixels again, by Pythagoras; shares of the two sides differ
    assert marked_place((54 / 80, 33 / 40), mask).distance == pytest.approx(30 / 80)


def test_the_nearer_of_two_centres_counts_and_given_targets_before_the_mask_s_own():
    mask = boxes((10, 0, 20, 10), (10, 70, 20, 80))
    assert marked_place((70 / 80, 15 / 40), mask).distance == pytest.approx(5 / 80)
    assert marked_place((70 / 80, 15 / 40), mask, [(10 / 80, 15 / 40)]).distance == pytest.approx(60 / 80)


def test_before_an_empty_mask_nothing_is_judged():
    assert centres(boxes()) == [] and marked_place((0.5, 0.5), boxes()) is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_whole_picture_holds_every_point_and_its_edges(across, down):
    place = marked_place((across, down), np.ones((7, 5), bool))
    assert place.inside and place.chance == 1 and 0 <= place.distance <= 1
