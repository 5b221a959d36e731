"""Composed captions: made of whole sentences, findings drawn evenly, both sides alike, never against themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.reports.claims import claims, contradictions, side_of
from captioner.reports.finding_labels import conditions_of, stated_places
from captioner.reports.findings import FINDINGS
from captioner.reports.statements import empty_sentences, sentences
from captioner.training.composed_captions import ComposedCaptions, other_side
from captioner.vocabulary import Vocabulary

CAPTIONS = [
    *["no acute disease ."] * 40,
    *["cardiomegaly . no pleural effusion ."] * 20,
    "small left effusion . no pneumothorax .",
    "opacity in the right middle lobe .",
    "hiatal hernia and cardiomegaly .",
    "chest .",
]


@pytest.fixture(scope="module")
def composer():
    return ComposedCaptions(CAPTIONS, Vocabulary.of(CAPTIONS, 1))


def test_sentences_are_kept_by_the_one_finding_that_they_state(composer):
    stating = {FINDINGS[number]: kept for number, kept in composer.stating.items()}
    assert stating == {
        "cardiomegaly": ["cardiomegaly"],
        "effusion": ["small left effusion"],
        "airspace opacity": ["opacity in the right middle lobe"],
    }
    assert composer.quiet == ["no acute disease", "no pleural effusion", "no pneumothorax"]


def test_unknown_words_keep_a_sentence_out():
    composer = ComposedCaptions(CAPTIONS, Vocabulary.of(CAPTIONS, 2))
    assert [FINDINGS[number] for number in composer.stating] == ["cardiomegaly"]


def test_captions_that_state_nothing_are_refused():
    with pytest.raises(ValueError, match="no sentence"):
        ComposedCaptions(["no acute disease ."], Vocabulary.of(["no acute disease ."], 1))


@given(st.integers(0, 2**32 - 1))
def test_a_composed_caption_holds_together(composer, seed):
    text = composer.draw(np.random.default_rng(seed))
    assert 1 <= len(stated_places(text)) <= 3
    assert not contradictions(claims(text)) and not empty_sentences(text)
    own = {*composer.quiet, *sum(composer.stating.values(), []), "small right effusion"}
    assert set(sentences(text)) <= own
    assert "no acute disease" not in text  # beside a finding


def test_findings_and_sides_are_drawn_evenly(composer):
    rng = np.random.default_rng(3)
    texts = [composer.draw(rng) for _ in range(1500)]
    told = np.stack([conditions_of(text).reshape(len(FINDINGS), -1) for text in texts])
    counts = told[:, :, 0].sum(axis=0)[sorted(composer.stating)]
    assert counts.min() / counts.max() > 0.85  # though one of the sentences is twenty times as common
    sides = [side_of(claims(text), "effusion") for text in texts if "small" in text]
    assert {*sides} == {"left", "right"}
    assert abs(sides.count("left") / len(sides) - 0.5) < 0.06  # four standard deviations


def test_the_other_side_is_an_involution_and_spares_what_has_none():
    assert other_side(other_side("left effusion with lll collapse")) == "left effusion with lll collapse"
    assert other_side("left effusion with lll collapse") == "right effusion with rll collapse"
    assert other_side("opacity in the right middle lobe") == "opacity in the right middle lobe"
