"""Greedy and beam side by side: the alignment by hand, the viewer's answer, and the beam as HTML."""

import json

import pytest

from captioner import Caption, Hypothesis, Study, View, Word, beam_tree
from captioner.vocabulary import Vocabulary
from explain import heatmap
from panels import beam, compare
from panels.explain import Session
from tests.stand_in import BEAM_SENTENCE, DROPPED, OTHER_HYPOTHESES, SENTENCES, StandIn, draw_chest


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
    assert compare.align(first.split(), second.split()) == columns


def test_log_probability_a_word_counts_the_end_where_there_is_one():
    words = (Word("no", 4, -1.0), Word("edema", 5, -2.0))
    assert compare.per_word(Hypothesis(words, -3.6, -0.6, 0.0)) == pytest.approx(-1.2)
    assert compare.per_word(Hypothesis(words, -3.0, None, 0.0)) == pytest.approx(-1.5)
    assert compare.per_word(Hypothesis((), 0.0, None, 0.0)) == 0


@pytest.fixture(scope="module")
def compared():
    model = StandIn()
    study = Study(View("frontal", draw_chest(60, 50)), View("lateral", draw_chest(60, 50, True)), ())
    features = model.encode(study)
    session = Session(("a", "b", "default"), study, {}, features, heatmap.WHOLE)
    return model, session, compare.search(model, features, 3, 0.7)


def test_the_viewer_is_handed_the_words_of_both_and_where_they_stand(compared):
    _, session, found = compared
    answer = compare.payload(session, found)
    greedy = SENTENCES["dark"].split()
    assert [word["text"] for word in answer["words"]] == greedy + BEAM_SENTENCE.split()
    assert [row["name"] for row in answer["rows"]] == ["Greedy", "Beam"]
    assert {word["from"] for word in answer["words"][len(greedy) :]} == {"beam search, width 3"}
    placed = sorted(place for above, below, _ in answer["columns"] for place in (above, below) if place is not None)
    assert placed == list(range(len(answer["words"])))
    for above, below, same in answer["columns"]:
        if None not in (above, below):
            assert (answer["words"][above]["text"] == answer["words"][below]["text"]) == same
    json.dumps(answer, allow_nan=False)


def test_the_beam_tells_of_every_hypothesis_it_kept_or_dropped(compared):
    model, _, found = compared
    shown = beam.render(found.beam, found.tree, model.vocabulary)
    for text in (BEAM_SENTENCE, *OTHER_HYPOTHESES):
        assert f">{text}</td>" in shown
    assert f"{len(DROPPED)} hypotheses were dropped" in shown
    assert shown.count("dropped after") == len(DROPPED) and "dropped after 2 words" in shown
    assert [f"rank {rank}," in shown for rank in (1, 2, 3, 4)] == [True, True, True, False]
    # The best one is the line that is read down: it stands at the outermost level only.
    assert shown.count("cxr-finished cxr-best") == 1


def test_what_a_vocabulary_holds_is_text_and_never_markup():
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "<b>x</b>", "y"])
    lost = beam_tree.Branch((5,), 2, -2.0, "dropped", bar=-1.0)
    best = beam_tree.Branch((4, 2), 3, -1.0, "finished", rank=1, score=-0.5)
    root = beam_tree.Branch((), 0, 0.0, "branched", children=(
        beam_tree.Branch((4,), 1, -0.5, "branched", children=(best, lost)),))
    caption = Caption((Hypothesis((Word("<b>x</b>", 4, -0.5),) * 2, -1.0, -0.1, -0.5),), "beam", 2, 0.7, (True, True))
    shown = beam.render(caption, root, vocabulary)
    assert "<b>" not in shown and "&lt;b&gt;x&lt;/b&gt;" in shown and "1 hypothesis was dropped" in shown
