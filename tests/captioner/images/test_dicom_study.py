"""The study of a DICOM file by its first bytes, against what pydicom reads of the same file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import uid

from captioner.images.dicom_statement import statement
from captioner.images.dicom_study import BEGINNING, study_in
from tests.captioner.images.dicom_files import dicom_bytes

PIXELS = np.zeros((4, 4), np.uint8)
SYNTAXES = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("preamble", [True, False])
@pytest.mark.parametrize("study", ["1.2.826.0.1.3680043.8.498.1", "1.2.3", "2.25." + "9" * 39, "1." * 31 + "34"])
def test_the_same_study_as_a_parser_reads(syntax, preamble, study):
    data = dicom_bytes(PIXELS, syntax, preamble, StudyInstanceUID=study, SeriesInstanceUID="1.2.4")
    assert study_in(data[:BEGINNING]) == statement(data, "x.dcm").study is not None


def test_two_studies_are_told_apart_and_two_files_of_one_are_not():
    one, same, other = (
        dicom_bytes(PIXELS, StudyInstanceUID=study, SOPInstanceUID=own)
        for study, own in (("1.2.3", "1.9.1"), ("1.2.3", "1.9.2"), ("1.2.33", "1.9.3"))
    )
    assert study_in(one) == study_in(same) != study_in(other)


def test_nothing_is_told_of_the_identifier_but_sixteen_digits():
    found = study_in(dicom_bytes(PIXELS, StudyInstanceUID="1.2.840.113619.2"))
    assert len(found) == 16 and int(found, 16) >= 0 and "113619" not in found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"DICM" * 40,
        dicom_bytes(PIXELS),  # no study
        b"\x20\x00\x0d\x00UI\x06\x001.2.x",
        b"\x20\x00\x0d\x00UI\x40\x001.2.3",  # says to be longer than it is
        b"\x20\x00\x0d\x00UI\x42\x00" + b"1." * 32 + b"12",  # longer than an identifier may be
        dicom_bytes(PIXELS, uid.ExplicitVRBigEndian, StudyInstanceUID="1.2.3"),
    ],
)
def test_where_no_study_is_found_none_is_told(data):
    assert study_in(data) is None


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(data):
    assert study_in(b"\x20\x00\x0d\x00" + data) is None or b"." in data
