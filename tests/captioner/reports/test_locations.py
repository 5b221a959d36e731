"""Places read from wording, by hand."""

import numpy as np
import pytest

from captioner.reports.locations import places_in


def words(caption):
    tokens = caption.split()
    return {tokens[position] for position in places_in(caption)}


def test_the_patient_s_right_is_the_picture_s_left():
    places = places_in("opacity in the right lower lobe .")
    (frontal, lateral) = places[0]
    assert frontal[:, 8:].sum() == 0 and frontal[:7].sum() == 0 and frontal[8:15, :8].all()
    assert lateral[8:15].all() and not lateral[:7].any()
    assert words("opacity in the right lower lobe .") == {"opacity", "right", "lower"}


def test_left_and_upper():
    frontal = places_in("nodule in the left apex .")[0][0]
    assert frontal[1:7, 8:].all() and frontal[:, :8].sum() == 0 and frontal[9:].sum() == 0


@pytest.mark.parametrize(
    "caption",
    [
        "no right effusion .",
        "clear right lung .",
        "cardiomegaly .",
        "bilateral effusions .",
        "opacity in the right and left base upper .",
        "",
        ".",
        "normal chest . no left pneumothorax",
    ],
)
def test_nothing_stated_or_no_single_place(caption):
    assert places_in(caption) == {}


def test_each_sentence_has_its_own_place():
    places = places_in("small left effusion . right upper opacity")
    assert set(places) == {1, 2, 4, 5, 6}
    assert not np.array_equal(places[2], places[6])


def test_a_side_without_height_fills_the_half():
    frontal, lateral = places_in("left pneumothorax .")[1]
    assert frontal[:, 8:].all() and not frontal[:, :8].any() and lateral.all()


def test_the_index_places_what_the_sentence_does_not():
    mesh = ("Opacity/lung/hilum/left", "Pleural Effusion/right")
    places = places_in("opacity . left effusion .", mesh)
    frontal, lateral = places[0]
    assert frontal[5:10, 8:].all() and not frontal[:, :8].any() and not frontal[:5].any() and lateral[5:10].all()
    # The sentence's own word goes before the index.
    assert places[3][0][:, 8:].all() and not places[3][0][:, :8].any()
