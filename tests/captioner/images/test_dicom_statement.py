"""What DICOM files say of their pictures: by the standard's terms, and believed before the pixels are judged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner import phantom
from captioner.images.dicom_statement import Statement, doubts, letters_sentence, statement
from captioner.images.study import read_study
from tests.captioner.images.dicom_files import PATIENT, dicom_bytes, gradient


def said(**tags):
    return statement(dicom_bytes(gradient(), **{"Modality": None, **tags}), "x.dcm")


@pytest.mark.parametrize(
    "tags, expected",
    [
        ({}, Statement()),
        ({"Modality": "CR"}, Statement(modality="CR")),
        ({"Modality": "CT"}, Statement(modality="CT")),
        ({"Modality": "OT"}, Statement()),
        ({"BodyPartExamined": "chest "}, Statement(body_part="CHEST")),
        ({"BodyPartExamined": "HAND"}, Statement(body_part="HAND")),
        ({"BodyPartExamined": PATIENT[:16]}, Statement()),
        ({"ViewPosition": "PA"}, Statement(view="frontal")),
        ({"ViewPosition": "LL"}, Statement(view="lateral")),
        ({"ViewPosition": "RLO"}, Statement()),
        ({"PatientOrientation": ["L", "F"]}, Statement(row="L", column="F")),
        ({"PatientOrientation": ["LF", "FR"]}, Statement(row="L", column="F")),
        ({"PatientOrientation": ["L", "?"]}, Statement(row="L")),
        ({"PatientOrientation": "L"}, Statement()),
        ({"BurnedInAnnotation": "YES"}, Statement(letters=True)),
        ({"BurnedInAnnotation": "NO"}, Statement()),
    ],
)
def test_the_standards_terms_are_understood_and_nothing_else_is_repeated(tags, expected):
    assert said(**tags) == expected
    assert Statement(**expected.as_dict()) == expected


def test_files_of_two_studies_are_told_by_a_digest_that_says_nothing_else(tmp_path):
    for name, study in (("a", "1.2.3"), ("b", "1.2.3"), ("c", "1.2.4"), ("d", None)):
        more = {"StudyInstanceUID": study} if study else {}
        (tmp_path / name).write_bytes(dicom_bytes(gradient(40, 40), **more))
    a, c = (statement((tmp_path / name).read_bytes(), name) for name in "ac")
    assert a.study != c.study and len(a.study) == 16 and "1.2.3" not in str(a.as_dict())
    sentence = "The files of the two pictures say that they belong to two different studies."
    told = {name: sentence in read_study(tmp_path / "a", tmp_path / name).notices for name in "bcd"}
    assert told == {"b": False, "c": True, "d": False}


LATIN = st.text(st.characters(codec="latin-1"), max_size=16)


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@given(LATIN, st.lists(LATIN, max_size=3))
def test_whatever_a_field_holds_only_known_terms_come_out(part, orientation):
    found = said(BodyPartExamined=part, PatientOrientation=orientation)
    assert found.body_part is None or found.body_part == part.strip().upper()
    assert {found.row, found.column} <= {*"APLRHF", None}
    for sentence in doubts(found, "frontal"):
        assert len(sentence) < 160


def test_a_field_of_a_million_values_is_left_alone():
    data = dicom_bytes(gradient(), ViewPosition="PA", PatientOrientation=["L"] * 20_000)
    assert statement(data, "x.dcm") == Statement(modality="DX", view="frontal")


@pytest.mark.parametrize(
    "found, name, word",
    [
        (Statement(modality="CT"), "frontal", "a CT picture"),
        (Statement(body_part="LSPINE"), "frontal", "lumbar spine"),
        (Statement(row="L", column="H"), "frontal", "180 degrees"),
        (Statement(row="F", column="L"), "lateral", "90 degrees"),
        (Statement(row="R", column="F"), "frontal", "mirror it"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(found, name, word):
    (sentence,) = doubts(found, name)
    assert word in sentence and name in sentence


@pytest.mark.parametrize("name, row", [("frontal", "L"), ("lateral", "A"), ("lateral", "P"), ("lateral", "R")])
def test_an_upright_chest_is_not_doubted(name, row):
    upright = Statement("DX", "CHEST", name, row, "F")
    assert doubts(upright, name) == () and letters_sentence(upright, name) is None
    assert upright.is_chest_radiograph and upright.is_upright == (row in "LRAP")


@pytest.fixture(scope="module")
def chest():
    return phantom.render(200003, 256)


@pytest.fixture
def notices(tmp_path):
    """Reads a study of two DICOM files, each `(pixels, tags)`; returns its notices."""

    def notices(frontal, lateral=None):
        paths = []
        for name, given_as in (("frontal", frontal), ("lateral", lateral)):
            if given_as is not None:
                paths.append(tmp_path / f"{name}.dcm")
                paths[-1].write_bytes(dicom_bytes(given_as[0], **given_as[1]))
        return read_study(*paths).notices

    return notices


def test_views_that_say_they_are_swapped(chest, notices):
    frontal, lateral = (chest.frontal, {"ViewPosition": "PA"}), (chest.lateral, {"ViewPosition": "LL"})
    assert notices(frontal, lateral) == ()
    assert notices(lateral, frontal) == ("The two views are swapped: their files say so.",)
    (sentence,) = notices((chest.frontal, {}), (chest.frontal[::2, ::2].copy(), {"ViewPosition": "AP"}))
    assert sentence == "The file given as lateral view says that it is a frontal one."


def test_a_files_own_word_outweighs_how_its_picture_looks(chest, notices):
    turned = np.ascontiguousarray(np.rot90(chest.frontal, 2))
    assert any("180" in sentence for sentence in notices((turned, {})))
    upright = {"PatientOrientation": ["L", "F"], "BodyPartExamined": "CHEST", "ViewPosition": "AP"}
    assert notices((turned, upright)) == ()
    assert any("180" in sentence for sentence in notices((chest.frontal, {"PatientOrientation": ["R", "H"]})))


def test_letters_are_warned_of_beside_whatever_else_is_wrong(chest, notices):
    first, second = notices((chest.frontal, {"BurnedInAnnotation": "YES", "Modality": "CT"}))
    assert "letters" in first and "CT" in second
