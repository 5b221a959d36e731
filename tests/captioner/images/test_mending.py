"""What would put a wrongly given study right: offered beside the sentence, done when asked for, and told."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from captioner import BadInput, read_study
from captioner.images import dicom_statement
from captioner.images.dicom_statement import Statement
from captioner.images.mending import MOST, WAYS, named
from captioner.serving.answer import answer
from tests.stand_in import StandIn

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SPOILT = {
    "invert": lambda pixels: 255 - pixels,
    "turn left": lambda pixels: np.rot90(pixels, 3),
    "turn right": lambda pixels: np.rot90(pixels, 1),
    "turn over": lambda pixels: np.rot90(pixels, 2),
}


@pytest.fixture(scope="module")
def views():
    return {
        name: cv2.imread(str(EXAMPLES / f"normal-{name}.png"), cv2.IMREAD_GRAYSCALE) for name in ("frontal", "lateral")
    }


def written(folder, views):
    paths = [folder / f"{name}.png" for name in views]
    for path, pixels in zip(paths, views.values()):
        cv2.imwrite(str(path), np.ascontiguousarray(pixels))
    return paths


@pytest.mark.parametrize("way", SPOILT)
@pytest.mark.parametrize("name", ["frontal", "lateral"])
def test_what_is_offered_gives_the_picture_as_it_should_be(views, tmp_path, name, way):
    paths = written(tmp_path, {**views, name: SPOILT[way](views[name])})
    spoilt = read_study(*paths)
    assert [each.name for each in spoilt.mendings] == [f"{name}: {way}"] and len(spoilt.notices) == 1
    mended = read_study(*paths, mend=[each.name for each in spoilt.mendings])
    for view in mended.views:
        np.testing.assert_array_equal(view.pixels, views[view.name])
        assert not view.pixels.flags.writeable
    assert mended.mendings == () and mended.notices == (spoilt.mendings[0].done,)


def test_swapped_views_are_swapped_back(views, tmp_path):
    paths = written(tmp_path, {"frontal": views["lateral"], "lateral": views["frontal"]})
    (offered,) = read_study(*paths).mendings
    mended = read_study(*paths, mend=[offered.name])
    assert offered.name == "both: swap" and mended.notices == (offered.done,)
    for view in mended.views:
        np.testing.assert_array_equal(view.pixels, views[view.name])


def test_two_mendings_one_after_the_other(views, tmp_path):
    paths = written(tmp_path, {"frontal": 255 - views["lateral"], "lateral": views["frontal"]})
    first = [each.name for each in read_study(*paths).mendings]
    both = [*first, *(each.name for each in read_study(*paths, mend=first).mendings)]
    assert both == ["frontal: invert", "both: swap"]
    np.testing.assert_array_equal(read_study(*paths, mend=both).frontal.pixels, views["frontal"])


def test_nothing_is_offered_for_what_nothing_here_would_mend(views, tmp_path):
    paths = written(tmp_path, {"frontal": views["frontal"], "lateral": (views["lateral"] * 0.15).astype(np.uint8)})
    dark = read_study(*paths)
    assert "very dark" in dark.notices[0] and dark.mendings == ()
    assert read_study(*written(tmp_path, views)).mendings == ()


@pytest.mark.parametrize(
    ("row", "column", "way"),
    [
        ("L", "F", None),
        ("R", "H", "turn over"),
        ("H", "L", "turn left"),
        ("F", "R", "turn right"),
        ("R", "F", "mirror"),
    ],
)
def test_a_file_s_own_orientation_says_which_way_to_turn(row, column, way):
    """Head and left of the patient are marked where the file says that they are; the mending puts them up and right."""
    said = Statement(row=row, column=column)
    assert dicom_statement.mending(said, "frontal") == way
    towards = {row: (1, 2), column: (2, 1)}  # the cell of a 3 x 3 picture that lies in that direction of the patient
    opposite = {"L": "R", "R": "L", "H": "F", "F": "H"}
    towards |= {opposite[side]: (2 - place[0], 2 - place[1]) for side, place in list(towards.items())}
    marked = np.zeros((3, 3), np.uint8)
    marked[towards["H"]], marked[towards["L"]] = 1, 2
    put_right = marked if way is None else WAYS[way](marked)
    assert put_right[0, 1] == 1 and put_right[1, 2] == 2


@pytest.mark.parametrize(
    ("mend", "sentence"),
    [
        (["frontal: tear up"], "no such mending"),
        (["frontal: swap"], "no such mending"),
        ([None], "no such mending"),
        (["lateral: invert"], "no lateral view"),
        (["both: swap"], "one view only"),
        (["frontal: invert"] * (MOST + 1), "times at the most"),
    ],
)
def test_what_cannot_be_mended_is_refused_in_one_sentence(views, tmp_path, mend, sentence):
    (path,) = written(tmp_path, {"frontal": views["frontal"]})
    with pytest.raises(BadInput, match=sentence):
        read_study(path, mend=mend)


def test_the_notice_reaches_programs(views, tmp_path):
    (path,) = written(tmp_path, {"frontal": 255 - views["frontal"]})
    told = answer(StandIn(), read_study(path, mend=["frontal: invert"]))[2]
    json.dumps(told, allow_nan=False)
    assert named("frontal: invert").done in told["notices"]
