"""The index's terms as places: invented terms, by hand."""

import pytest

from captioner.reports.index_locations import Place, placed_words, places


def test_a_term_is_read():
    assert places(("Opacity/lung/upper lobe/right/streaky",)) == {"airspace opacity": Place("right", "upper")}
    assert places(("Pleural Effusion/left/small", "Cardiomegaly/mild")) == {"effusion": Place("left", None)}
    assert places(("Nodule/lung/hilum",)) == {"nodule or mass": Place(None, "middle")}


@pytest.mark.parametrize(
    "mesh",
    [
        ("normal",),
        (),
        ("Opacity",),
        ("Pleural Effusion/bilateral",),
        ("Scoliosis/right/mild",),
        ("Pleural Effusion/left", "Pleural Effusion/right"),
        ("Opacity/lung/left", "Pneumonia"),
        ("Pleural Effusion/left", "Pleural Effusion/bilateral"),
    ],
)
def test_what_names_no_single_place_is_left_out(mesh):
    assert places(mesh) == {}


def test_terms_of_one_finding_may_agree_in_part():
    assert places(("Opacity/lung/base/left", "Density/lung/left")) == {"airspace opacity": Place("left", None)}
    both = places(("Opacity/lung/base/left", "Infiltrate/lung/base/right"))
    assert both == {"airspace opacity": Place(None, "lower")}


def test_words_of_a_caption_that_the_index_places():
    caption = "no effusion . streaky opacity and atelectasis in the left base ."
    found = placed_words(caption, ("Pulmonary Atelectasis/base/left", "Pleural Effusion/right"))
    assert [(word.position, word.finding, word.place) for word in found] == [(6, "atelectasis", Place("left", "lower"))]
    assert placed_words("normal chest .", ("Opacity/left",)) == []
