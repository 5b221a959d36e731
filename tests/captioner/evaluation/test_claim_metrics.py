"""Sides and nonsense counted by hand."""

import pytest

from captioner.evaluation.claim_metrics import nonsense, side_agreement

REFERENCES = [
    "left effusion .",
    "left effusion .",
    "right nodule .",
    "right nodule . left effusion .",
    "bilateral effusions .",
    "effusion .",
    "cardiomegaly .",
    "no left effusion .",
]
PREDICTIONS = [
    "small left effusion .",
    "right effusion .",
    "nodule .",
    "no acute disease .",
    "left effusion .",
    "left effusion .",
    "left effusion .",
    "left effusion .",
]


def test_sides_count_where_the_reference_names_exactly_one():
    found = side_agreement(REFERENCES, PREDICTIONS)
    assert [found[name] for name in ("right", "wrong", "no_side", "not_stated")] == [1, 1, 1, 2]
    assert found["right_share"]["value"] == pytest.approx(1 / 2)
    assert found["sided_share"]["value"] == pytest.approx(2 / 5)
    assert found["findings"] == {
        "effusion": {"right": 1, "wrong": 1, "no_side": 0, "not_stated": 1},
        "nodule or mass": {"right": 0, "wrong": 0, "no_side": 1, "not_stated": 1},
    }


def test_perfect_sides_have_a_narrow_interval_and_none_have_none():
    whole = side_agreement(REFERENCES, REFERENCES)
    assert whole["right_share"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert whole["sided_share"]["value"] == 1.0
    nothing = side_agreement(["clear lungs ."], ["clear lungs ."])
    assert nothing["right_share"]["value"] is None and nothing["findings"] == {}


def test_each_kind_of_nonsense_is_counted_once_a_text():
    texts = [
        "no acute disease .",
        "no edema . no edema . no edema .",
        "left effusion . no effusion . no nodule . nodule .",
        "left upper lobe . right base .",
        "",
        "left effusion . no right effusion . no large nodule . small nodule .",
    ]
    found = nonsense(texts, ended=[True, True, False, True, True, False])
    assert found.as_dict() == {"repeated": 1, "contradictory": 1, "empty": 2, "cut_off": 2, "texts": 6}
    assert nonsense(texts).cut_off is None
