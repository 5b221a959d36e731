"""The beam as a tree: one worked out by hand, and the real search of a small network."""

from types import SimpleNamespace

import numpy as np
import pytest

from captioner.decoding import beam_tree
from captioner.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."])
PAD, _, END, _, NO, ACUTE, EFFUSION, STOP = range(8)


def _trace(tokens, parents, log_probs, ended):
    return SimpleNamespace(
        tokens=np.array(tokens), parents=np.array(parents), log_probs=np.array(log_probs), ended=np.array(ended, bool)
    )


@pytest.fixture
def by_hand():
    """Width 2. no(-1) and acute(-2); both continue "no"; then "no effusion" ends, "no acute" is cut off after one more.

    step 0: no -1 | acute -2
    step 1: no effusion -1.5 | no acute -1.8            (acute is dropped at -2, below -1.8)
    step 2: no effusion <end> -1.6 | no acute . -2.0
    step 3: (finished) -1.6 | no acute . no -2.5        (the length limit)
    """
    return _trace(
        [[NO, ACUTE], [EFFUSION, ACUTE], [END, STOP], [PAD, NO]],
        [[0, 0], [0, 0], [0, 1], [0, 1]],
        [[-1, -2], [-0.5, -0.8], [-0.1, -0.2], [0, -0.5]],
        [[0, 0], [0, 0], [0, 0], [1, 0]],
    )


def test_a_tree_by_hand(by_hand):
    root = beam_tree.grow(by_hand, VOCABULARY, 1.0)
    no, acute = root.children
    assert (no.tokens, no.step, no.total, no.fate) == ((NO,), 1, -1.0, "branched")
    assert (acute.tokens, acute.fate, acute.total) == ((ACUTE,), "dropped", -2.0)
    assert acute.bar == pytest.approx(-1.8) and acute.rank is None
    ended, cut = no.children
    assert (ended.tokens, ended.step, ended.fate) == ((EFFUSION, END), 3, "finished")
    assert ended.total == pytest.approx(-1.6) and ended.score == pytest.approx(-1.6 / 3) and ended.rank == 1
    assert (cut.tokens, cut.step, cut.fate, cut.rank) == ((ACUTE, STOP, NO), 4, "open", 2)
    assert cut.total == pytest.approx(-2.5) and cut.score == pytest.approx(-2.5 / 4)
    assert root.leaves() == [ended, cut, acute]


def test_the_penalty_can_turn_the_ranking_round(by_hand):
    ranks = {leaf.fate: leaf.rank for leaf in beam_tree.grow(by_hand, VOCABULARY, 2.0).leaves()}
    assert ranks == {"finished": 2, "open": 1, "dropped": None}  # -1.6 / 9 against -2.5 / 16


def test_places_that_were_only_filled_are_no_hypotheses():
    trace = _trace([[END, NO], [PAD, PAD]], [[0, 1], [0, 1]], [[-0.5, -1], [0, -3]], [[0, 0], [1, 0]])
    leaves = beam_tree.grow(trace, VOCABULARY, 0.7).leaves()
    assert [(leaf.tokens, leaf.fate) for leaf in leaves] == [((END,), "finished")]


@pytest.mark.parametrize("width", [2, *(pytest.param(width, marks=pytest.mark.long) for width in (1, 4))])
def test_a_real_search_is_told_truthfully(loaded, tiny_checkpoint, width):
    from captioner import Study, View

    model = loaded(tiny_checkpoint)
    picture = np.random.default_rng(7).integers(0, 255, (64, 64)).astype(np.uint8)
    features = model.encode(Study(View("frontal", picture), View("lateral", picture.T.copy()), ()))
    caption = model.caption(features, decoding="beam", beam_width=width, length_penalty=0.7, max_words=8)
    trace = model.decoder.trace(features.image_features, features.mask, width, 8)
    root = beam_tree.grow(trace, model.vocabulary, 0.7)

    def paths(branch, before=()):
        tokens = before + branch.tokens
        return [pair for child in branch.children for pair in paths(child, tokens)] or [(tokens, branch)]

    found = paths(root)
    ranked = sorted((pair for pair in found if pair[1].rank), key=lambda pair: pair[1].rank)
    for (tokens, leaf), hypothesis in zip(ranked, caption.hypotheses, strict=True):
        assert model.vocabulary.decode(tokens) == hypothesis.text
        assert leaf.total == pytest.approx(hypothesis.log_prob, abs=1e-4)
        assert leaf.score == pytest.approx(hypothesis.score, abs=1e-4)
        assert (leaf.fate == "finished") == (hypothesis.end_log_prob is not None)
    assert any(leaf.fate == "dropped" for _, leaf in found) == (width > 1)
    for tokens, leaf in found:
        if leaf.fate != "dropped":
            continue
        forced = model.decoder.force(features.image_features, features.mask, [*tokens, model.vocabulary.end])
        assert leaf.total == pytest.approx(float(forced.log_probs[:-1].sum()), abs=1e-4)
        assert leaf.total + forced.alternative_log_probs[-1].max() <= leaf.bar + 1e-4  # its best way on lost
