"""What studies teach of findings, on sentences read by hand."""

from pathlib import Path

import numpy as np
import pytest

from captioner.reports.finding_labels import (
    INDEXED_ONLY,
    UNKNOWN,
    labels_of_phantom,
    labels_of_picture,
    labels_of_report,
    stated_places,
)
from captioner.reports.findings import FINDINGS, PLACES, label
from captioner.reports.nih import Box, LabelledPicture

NUMBER = {name: number for number, name in enumerate(FINDINGS)}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("small left pleural effusion .", {"effusion": {"left"}}),
        ("bibasilar atelectasis .", {"atelectasis": {"left", "right", "lower"}}),
        ("no left effusion . cardiomegaly .", {"cardiomegaly": set()}),
        (
            "left effusion and right base opacity .",
            {"effusion": {"left"}, "airspace opacity": {"right", "lower"}},
        ),
        (
            "opacity in the right upper lobe . nodule .",
            {"airspace opacity": {"right", "upper"}, "nodule or mass": set()},
        ),
        ("right effusion . left apical pneumothorax .", {"effusion": {"right"}, "pneumothorax": {"left", "upper"}}),
        ("no acute disease .", {}),
    ],
)
def test_words_of_place_belong_to_the_findings_they_place(text, expected):
    assert stated_places(text) == {NUMBER[name]: places for name, places in expected.items()}


def test_a_stated_finding_is_there_and_one_that_only_the_index_names_half():
    labels = labels_of_report(
        "left effusion .", ("Pleural Effusion/left", "Calcified Granuloma/lung/right", "Cardiomegaly")
    )
    assert labels.presence[NUMBER["effusion"]] == 1
    assert labels.presence[NUMBER["granuloma or calcification"]] == np.float32(INDEXED_ONLY)
    assert labels.presence[NUMBER["cardiomegaly"]] == np.float32(INDEXED_ONLY)
    assert labels.presence[NUMBER["pneumothorax"]] == 0


def test_the_index_places_what_the_words_leave_open_and_never_overrules_them():
    labels = labels_of_report("left effusion . opacity .", ("Pleural Effusion/right", "Opacity/lung/base/right"))
    effusion, opacity = labels.places[NUMBER["effusion"]], labels.places[NUMBER["airspace opacity"]]
    assert dict(zip(PLACES, effusion)) == {"left": 1, "right": 0, "upper": UNKNOWN, "lower": UNKNOWN}
    assert dict(zip(PLACES, opacity)) == {"left": 0, "right": 1, "upper": 0, "lower": 1}
    region = labels.regions[NUMBER["airspace opacity"]]
    assert region[0, -2, :8].all() and not region[0, :, 8:].any() and not region[:, :6].any()
    assert region[1, -2].all()  # a lateral view shows heights and no sides


def test_terms_that_disagree_leave_the_place_open():
    labels = labels_of_report("opacity .", ("Opacity/lung/left", "Opacity/lung"))
    assert (labels.places[NUMBER["airspace opacity"]] == UNKNOWN).all() and not labels.regions


def test_a_finding_without_a_side_gets_none():
    labels = labels_of_report("cardiomegaly with left effusion .", ())
    assert (labels.places[NUMBER["cardiomegaly"]] == UNKNOWN).all()


@pytest.mark.parametrize("text", ["left effusion .", "no acute disease .", "emphysema . old rib fracture ."])
def test_presence_is_what_the_labeller_says(text):
    assert (labels_of_report(text, ()).presence == 1).tolist() == label(text).tolist()


def test_a_phantom_knows_outlines_sides_and_heights():
    masks = np.zeros((2, 8, 8), bool)
    masks[0, 5:, :3] = True
    labels = labels_of_phantom([("effusion", "right", "lower", masks)], "small right effusion .")
    assert labels.presence[NUMBER["effusion"]] == 1 and labels.presence.sum() == 1
    assert dict(zip(PLACES, labels.places[NUMBER["effusion"]])) == {"left": 0, "right": 1, "upper": 0, "lower": 1}
    assert (labels.regions[NUMBER["effusion"]] == masks).all() and labels.exact


def picture(labels, boxes=(), device=None):
    return LabelledPicture("a_000", "1", Path("a_000.png"), frozenset(labels), tuple(boxes), device)


def test_what_a_collection_does_not_label_is_unknown():
    labels = labels_of_picture(picture({"cardiomegaly", "effusion"}, device=False))
    known = dict(zip(FINDINGS, labels.presence))
    assert known["cardiomegaly"] == known["effusion"] == 1 and known["pneumothorax"] == known["device"] == 0
    assert known["granuloma or calcification"] == known["bone"] == known["scarring or interstitial change"] == UNKNOWN
    assert labels_of_picture(picture({"normal"}, device=True)).presence[NUMBER["device"]] == 1
    assert labels_of_picture(picture({"normal"})).presence[NUMBER["device"]] == UNKNOWN
    assert (labels_of_picture(picture(())).presence == UNKNOWN).all()


def test_a_box_says_where_and_on_which_side_of_the_patient():
    boxes = [Box("effusion", 0.5, 0.25, 0.75, 0.75), Box("infiltration", 0.1, 0.5, 0.3, 0.75)]
    boxes.append(Box("cardiomegaly", 0.3, 0.4, 0.8, 0.8))
    labels = labels_of_picture(picture({"effusion", "infiltration", "cardiomegaly"}, boxes))
    assert labels.places[NUMBER["effusion"], :2].argmax() == PLACES.index("left")
    assert labels.places[NUMBER["airspace opacity"], :2].argmax() == PLACES.index("right")
    assert (labels.places[NUMBER["cardiomegaly"]] == UNKNOWN).all()
    region = labels.regions[NUMBER["effusion"]]
    rows, columns = np.nonzero(region[0])
    size = len(region[0])
    assert [rows.min() / size, (rows.max() + 1) / size] == [0.25, 0.75]
    assert [columns.min() / size, (columns.max() + 1) / size] == [0.5, 0.75]
    assert not region[1].any() and labels.exact
