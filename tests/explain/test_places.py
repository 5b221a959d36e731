"""Places in words: whose left and right they are, and the picture's own where that cannot be told."""

import cv2
import numpy as np
import pytest

from captioner.images.orientation import MIRRORED, UNKNOWN, USUAL, orientation
from explain import heatmap, places
from tests.stand_in import ROOT_EXAMPLES


def _cell(row, column, size=7):
    grid = np.zeros((size, size))
    grid[row, column] = 1
    return grid


@pytest.mark.parametrize(
    ("view", "lies", "cell", "words"),
    [
        ("frontal", USUAL, (0, 0), "patient’s right, upper zone"),
        ("frontal", USUAL, (6, 6), "patient’s left, lower zone"),
        ("frontal", USUAL, (3, 3), "midline, middle zone"),
        ("frontal, again", USUAL, (6, 6), "patient’s left, lower zone"),
        ("frontal", MIRRORED, (6, 6), "picture’s right, lower zone"),
        ("frontal", UNKNOWN, (6, 0), "picture’s left, lower zone"),
        ("lateral", USUAL, (6, 0), "front, lower third"),
        ("lateral", USUAL, (0, 6), "back, upper third"),
        ("lateral", MIRRORED, (6, 0), "back, lower third"),
        ("lateral", UNKNOWN, (6, 0), "picture’s left, lower third"),
    ],
)
def test_a_place_is_named_for_its_view_and_the_way_that_lies(view, lies, cell, words):
    assert places.place(_cell(*cell), view, lies) == words


def test_a_place_counts_only_the_covered_part():
    # The last cell of a grid over 57% of the picture is still in its middle third.
    assert places.place(_cell(2, 2, 3), "frontal", USUAL, heatmap.Extent(0, 0, 4 / 7, 4 / 7)) == "midline, middle zone"


@pytest.mark.parametrize(
    ("column", "side"), [(3, "patient’s right"), (4, "midline"), (5, "midline"), (6, "patient’s left")]
)
def test_the_midline_of_a_frontal_view_is_as_narrow_as_the_mediastinum(column, side):
    assert places.place(_cell(0, column, 10), "frontal") == f"{side}, upper zone"


def test_nothing_is_nowhere():
    assert places.place(np.zeros((7, 7)), "frontal") is None


def test_the_sentence_tells_the_share_and_leaves_out_a_place_that_is_not_there():
    maps = [_cell(6, 6), np.zeros((7, 7))]
    views, lie = ("frontal", "lateral"), (USUAL, USUAL)
    assert places.sentences(maps, (1.0, 0.0), views, lie) == [
        "100% frontal, strongest at the patient’s left, lower zone",
        "0% lateral",
    ]
    assert places.sentences(maps, None, views, lie) == ["nothing on the frontal", "nothing on the lateral"]


def test_sides_are_marked_only_where_they_are_known():
    assert places.marks("frontal", USUAL) == ("R", "L")
    assert places.marks("frontal", MIRRORED) is places.marks("frontal", UNKNOWN) is places.marks("lateral") is None
    assert places.convention("frontal", USUAL) == places.CONVENTION
    assert places.convention("frontal", MIRRORED) == places.convention("lateral", UNKNOWN) == places.UNSURE
    assert places.convention("lateral", MIRRORED) == ""


def test_the_planted_effusion_lies_on_the_side_that_its_sentence_names():
    """The example's mask is where the fluid is, and its own entry says on which side of the patient."""
    mask = cv2.imread(str(ROOT_EXAMPLES / "left-effusion-effusion-mask-frontal.png"), cv2.IMREAD_GRAYSCALE)
    film = cv2.imread(str(ROOT_EXAMPLES / "left-effusion-frontal.png"), cv2.IMREAD_GRAYSCALE)
    grid = cv2.resize(mask.astype(np.float32), (9, 9), interpolation=cv2.INTER_AREA)
    assert places.place(grid, "frontal", orientation(film, "frontal")) == "patient’s left, lower zone"
    mirrored = orientation(film[:, ::-1], "frontal")
    assert places.place(grid[:, ::-1], "frontal", mirrored) == "picture’s left, lower zone"
