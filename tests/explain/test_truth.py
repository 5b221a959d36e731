"""The truth beside an impression: the verdict in one line, and the outline of what was planted."""

import cv2
import numpy as np
import pytest

from explain import truth


@pytest.mark.parametrize(
    ("reference", "impression", "line"),
    [
        ("moderate left effusion .", "small left effusion .", "Effusion: finding and side right."),
        ("cardiomegaly .", "heart is enlarged .", "Cardiomegaly: finding right."),
        (
            "moderate left effusion .",
            "moderate right effusion .",
            "Effusion: finding right, side wrong (left is true, right is said).",
        ),
        ("left effusion .", "small effusion .", "Effusion: finding right, side not said (left is true)."),
        ("left effusion .", "heart size is normal .", "Effusion: missed."),
        ("left effusion .", "no pleural effusion .", "Effusion: missed and denied."),
        ("no acute disease .", "right pneumothorax .", "Pneumothorax: made up."),
        (
            "no acute disease .",
            "lungs are clear .",
            "Nothing is there to be found, and no finding is stated: right.",
        ),
        (
            "cardiomegaly . left effusion .",
            "right effusion . left nodule .",
            "Effusion: finding right, side wrong (left is true, right is said). Cardiomegaly: missed. "
            "Nodule or mass: made up.",
        ),
    ],
)
def test_the_verdict_names_each_finding_once(reference, impression, line):
    assert truth.verdict(reference, impression) == line


def test_an_example_says_that_it_is_drawn_and_what_it_shows():
    entry = {"name": "fluid", "title": "Fluid", "impression": "left effusion ."}
    found = truth.of_example(entry, "left effusion .")
    assert found.name == "fluid" and "drawn by a computer" in found.origin and "left effusion ." in found.origin
    assert found.as_dict()["verdict"] == "Effusion: finding and side right."


def test_a_study_of_ones_own_is_named_after_its_file_and_has_no_verdict():
    found = truth.of_own("/tmp/uploads/a chest.dcm.png")
    assert (found.name, found.origin, found.verdict) == ("a chest", truth.UNKNOWN, "")
    assert truth.of_own(None).name == truth.of_own("/tmp/.hidden").name == "study"


def test_the_outline_runs_along_the_edge_of_the_mask(tmp_path):
    mask = np.zeros((100, 200), np.uint8)
    mask[20:60, 50:150] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    (shape,) = truth.outlines(tmp_path / "mask.png")
    across, down = zip(*shape)
    assert (min(across), max(across)) == pytest.approx((50.5 / 200, 149.5 / 200), abs=1e-3)
    assert (min(down), max(down)) == pytest.approx((20.5 / 100, 59.5 / 100), abs=1e-3)
    cv2.imwrite(str(tmp_path / "empty.png"), mask * 0)
    assert truth.outlines(tmp_path / "empty.png") == truth.outlines(tmp_path / "none.png") == []
    entry = {"findings": [{"name": "opacity", "masks": ["mask.png", None]}, {"name": "nodule"}]}
    assert truth.planted(entry, tmp_path) == [
        {"name": "opacity", "frontal": [shape], "lateral": []},
        {"name": "nodule", "frontal": [], "lateral": []},
    ]


def test_a_word_of_a_planted_finding_is_pointed_at(tmp_path):
    for view, square in (("frontal", np.s_[:32, :32]), ("lateral", np.s_[32:, 32:])):
        mask = np.zeros((64, 64), np.uint8)
        mask[square] = 255
        cv2.imwrite(str(tmp_path / f"mask-{view}.png"), mask)
    example = {
        "frontal": str(tmp_path / "frontal.png"),
        "impression": "moderate left effusion .",
        "findings": [{"name": "effusion", "words": ["effusion"], "masks": ["mask-frontal.png", "mask-lateral.png"]}],
    }

    said = "acute effusion . no effusion"
    name, masks = truth.masks_of(example, said, 1)
    assert name == "effusion" and masks.shape == (2, 64, 64) and masks[0, 0, 0] and not masks[1, 0, 0]
    assert truth.masks_of(example, said, 0) is None and truth.masks_of(None, said, 1) is None
    assert truth.masks_of({**example, "findings": []}, said, 1) is None
