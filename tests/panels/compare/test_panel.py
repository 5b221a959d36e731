"""Greedy and beam side by side: the alignment by hand, the viewer's answer, and the beam as HTML."""

import json

import pytest

from captioner import Caption, Hypothesis, Study, View, Word
from captioner.decoding import beam_tree
from captioner.decoding.comparison import compare_searches
from captioner.language import speaking
from captioner.vocabulary import Vocabulary
from explain import heatmap
from panels.compare import beam
from panels.compare import panel as compare
from panels.server.sessions import Remade
from panels.viewer.session import Encoded, Session, StudyKey
from tests.stand_in import BEAM_SENTENCE, DROPPED, OTHER_HYPOTHESES, SENTENCES, StandIn, draw_chest


@pytest.fixture(scope="module")
def compared():
    model = StandIn()
    study = Study(View("frontal", draw_chest(60, 50)), View("lateral", draw_chest(60, 50, True)), ())
    features = model.encode(study)
    encoded = Encoded(study, {}, features, heatmap.WHOLE)
    session = Session(StudyKey("a", "b", "default"), Remade(lambda: encoded))
    return model, session, compare_searches(model, features, 3, 0.7)


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
        texts = [None if place is None else answer["words"][place]["text"] for place in (above, below)]
        assert (texts[0] == texts[1]) == same
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
    root = beam_tree.Branch(
        (), 0, 0.0, "branched", children=(beam_tree.Branch((4,), 1, -0.5, "branched", children=(best, lost)),)
    )
    caption = Caption((Hypothesis((Word("<b>x</b>", 4, -0.5),) * 2, -1.0, -0.1, -0.5),), "beam", 2, 0.7, (True, True))
    shown = beam.render(caption, root, vocabulary)
    assert "<b>" not in shown and "&lt;b&gt;x&lt;/b&gt;" in shown and "1 hypothesis was dropped" in shown
    assert "1 other way after “&lt;b&gt;x&lt;/b&gt;”" in shown and "only the 2 likeliest hypotheses go on." in shown
    with speaking("de"):
        shown = beam.render(caption, root, vocabulary)
    assert "1 Hypothese wurde unterwegs verworfen." in shown and "nach 2 Wörtern verworfen" in shown
    assert "hoch 0,7" in shown and ">\u22121,00</td>" in shown and "\u22122,00" in shown and "\u22121.00" not in shown
    assert "1 anderer Weg nach „&lt;b&gt;x&lt;/b&gt;“" in shown and "2 wahrscheinlichsten Hypothesen" in shown
