"""Cleaning by hand, and what holds for any text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.reports import clean


@pytest.mark.parametrize(
    "raw, cleaned",
    [
        ("No acute cardiopulmonary abnormality.", "no acute cardiopulmonary abnormality ."),
        ("1. No acute XXXX. 2. Stable heart size.", "no acute . stable heart size ."),
        ("1.Clear lungs.2.No effusion", "clear lungs . no effusion"),
        ("Negative chest x-XXXX. .", "negative chest ."),
        (
            "Can't exclude a 2.5 cm nodule; there's no mass, it won't show",
            "can not exclude a cm nodule there is no mass it will not show",
        ),
        ("The patient's heart isn’t enlarged.", "the patient heart is not enlarged ."),
        ("Well-expanded lungs/pleura (T8-T9).", "well expanded lungs pleura ."),
        ("...", ""),
        ("", ""),
        ("XXXX", ""),
        ("12", ""),
    ],
)
def test_cleaning(raw, cleaned):
    assert clean(raw) == cleaned


@given(st.text())
def test_cleaned_is_words_and_single_stops_and_clean_already(raw):
    cleaned = clean(raw)
    assert re.fullmatch(r"([a-z]+( |$)(\.( |$))?)*", cleaned + " " if cleaned else "") is not None
    assert ". ." not in cleaned and not cleaned.startswith(".")
    assert clean(cleaned) == cleaned
