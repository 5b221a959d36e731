"""When a change of the settings asks for another impression, and pictures that are mended."""

import cv2
import numpy as np
import pytest

from panels.server.model_pool import ModelPool
from panels.viewer import export
from panels.viewer import panel as explain
from panels.viewer.panel import asked_before
from panels.viewer.session import SearchSettings, Session, StudyKey
from tests.stand_in import ROOT_EXAMPLES, StandIn

SESSION = Session(StudyKey("f.png", "l.png", "default"), search=SearchSettings("greedy", 3, 0.7))


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        (("f.png", "l.png", "default", "greedy", 3, 0.7), True),
        (("f.png", "l.png", "default", "greedy", 3.0, 0.7), True),
        (("f.png", None, "default", "greedy", 3, 0.7), False),
        (("f.png", "l.png", "simple", "greedy", 3, 0.7), False),
        (("f.png", "l.png", "default", "beam", 3, 0.7), False),
        (("f.png", "l.png", "default", "greedy", 2, 0.7), False),  # the comparison shows a beam of that width
        (("f.png", "l.png", "default", "greedy", 3, 1.0), False),
    ],
)
def test_leaving_a_field_asks_for_nothing_and_changing_one_does(asked, before):
    assert asked_before(SESSION, *asked) is before


def test_what_is_mended_stays_mended_for_these_files_and_can_be_taken_back(tmp_path):
    picture = cv2.imread(str(ROOT_EXAMPLES / "normal-frontal.png"), cv2.IMREAD_GRAYSCALE)
    paths = [str(tmp_path / name) for name in ("negative.png", "other.png")]
    cv2.imwrite(paths[0], 255 - picture)
    cv2.imwrite(paths[1], picture)
    pool = ModelPool({"default": "default"}, lambda folder: StandIn("default"))
    search = ("default", "greedy", 3, 0.7, None)
    before, session = explain.answer(pool, paths[0], None, *search, None)
    assert before["mendings"] == [{"name": "frontal: invert", "offer": "Invert the frontal picture"}]
    mended, session = explain.answer(pool, paths[0], None, *search, session, mended=("frontal: invert",))
    assert mended["mended"] == ["frontal: invert"] and mended["mendings"] == []
    assert any("was inverted before it was read" in notice for notice in mended["notices"])
    np.testing.assert_array_equal(session.study.frontal.pixels, picture)
    again, session = explain.answer(pool, paths[0], None, "default", "beam", 3, 0.7, None, session)
    assert again["mended"] == ["frontal: invert"]  # another search on the same study
    assert explain.asked_before(session, paths[0], None, "default", "beam", 3, 0.7)
    np.testing.assert_array_equal(export._study(session).frontal.pixels, picture)
    undone, _ = explain.answer(pool, paths[0], None, *search, session, mended=())
    assert undone["notices"] == before["notices"] and undone["mended"] == []
    other, _ = explain.answer(pool, paths[1], None, *search, session)
    assert other["mended"] == []  # other files
