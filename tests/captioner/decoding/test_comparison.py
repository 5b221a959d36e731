"""Two impressions aligned by hand, and a log probability shared out over its words."""

import pytest

from captioner import Hypothesis, Study, View, Word
from captioner.decoding.comparison import align, compare_searches, log_prob_per_word
from tests.stand_in import StandIn, draw_chest


@pytest.mark.parametrize(
    ("first", "second", "columns"),
    [
        ("a b c", "a b c", [(0, 0, True), (1, 1, True), (2, 2, True)]),
        ("a b c", "a x y c", [(0, 0, True), (1, 1, False), (None, 2, False), (2, 3, True)]),
        ("a b", "b", [(0, None, False), (1, 0, True)]),
        ("", "a", [(None, 0, False)]),
        ("", "", []),
    ],
)
def test_alignment_by_hand(first, second, columns):
    assert align(first.split(), second.split()) == columns


def test_log_probability_a_word_counts_the_end_where_there_is_one():
    words = (Word("no", 4, -1.0), Word("edema", 5, -2.0))
    assert log_prob_per_word(Hypothesis(words, -3.6, -0.6, 0.0)) == pytest.approx(-1.2)
    assert log_prob_per_word(Hypothesis(words, -3.0, None, 0.0)) == pytest.approx(-1.5)
    assert log_prob_per_word(Hypothesis((), 0.0, None, 0.0)) == 0


def test_each_search_runs_once(monkeypatch):
    model, ran = StandIn(), []
    study = Study(View("frontal", draw_chest(60, 50)), View("lateral", draw_chest(60, 50, True)), ())
    caption = model.caption
    monkeypatch.setattr(
        model, "caption", lambda features, *how, **named: ran.append(1) or caption(features, *how, **named)
    )
    compared = compare_searches(model, model.encode(study), 3, 0.7)
    assert len(ran) == 2 and compared.greedy.decoding == "greedy" and compared.beam.decoding == "beam"
    assert model.encoded == 1
