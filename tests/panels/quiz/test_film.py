"""The film to mark: what the browser is given of a study, and what it is not."""

import json

import numpy as np
import pytest

from captioner import read_study
from explain import places
from panels.quiz import film
from tests.stand_in import ROOT_EXAMPLES


@pytest.fixture(scope="module")
def views():
    return film.views(read_study(*(ROOT_EXAMPLES / f"left-effusion-{view}.png" for view in ("frontal", "lateral"))))


def test_both_views_come_with_the_names_of_their_parts(views):
    assert [view["name"] for view in views] == ["frontal", "lateral"]
    assert views[0]["sides"] == ("R", "L") and views[1]["sides"] is None
    assert views[0]["fields"][2][2] == "patient’s left, lower zone" and views[1]["fields"][0][0] == "front, upper third"
    assert all((view["width"], view["height"]) == (512, 512) for view in views)


def test_nothing_says_what_is_there(views):
    for view in views:
        assert view.pop("url").startswith("data:image/")
    assert "effusion" not in json.dumps(views)


def test_the_edges_are_those_by_which_places_are_named(views):
    for view in views:
        for column in range(100):
            grid = np.zeros((1, 100))
            grid[0, column] = 1
            across = sum((column + 0.5) / 100 >= edge for edge in view["edges"])
            assert places.place(grid, view["name"]) == view["fields"][1][across]
