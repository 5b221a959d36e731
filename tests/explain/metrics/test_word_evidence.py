"""Evidence for one word, on a model that can be worked out by hand."""

import numpy as np
import pytest

from captioner import Study
from explain.heatmap import WHOLE
from explain.methods.base import Stopped
from explain.methods.question import ask
from explain.metrics.area_occlusion import AreaOcclusion, AreaOcclusionTest, area_occlusion, standardised
from explain.metrics.attention_entropy import AttentionEntropy, attention_entropy
from explain.metrics.picture_share import PictureShare, picture_share
from explain.metrics.word_evidence import short, verdict
from tests.explain.linear_model import EFFUSION, EVIDENCE, SLOPE, STOP, cells, pictures


def probability(shown):
    """Of "effusion" when the cells' means are `shown (2, 2, 2)`; six other tokens have a logit of 0."""
    odds = np.exp((SLOPE * shown).sum() + EVIDENCE[..., 1].sum())
    return odds / (odds + 6)


def alone(shown, view):
    odds = np.exp((SLOPE * shown + EVIDENCE[..., 1])[view].sum())
    return odds / (odds + 6)


def test_the_pictures_share_by_hand(linear):
    views, others = pictures(), [pictures(1), pictures(2)]
    found = picture_share(linear, views, [EFFUSION], 0, others)
    mean = cells(views[0][..., 0])
    assert found.shown == pytest.approx(probability(mean), abs=1e-5)
    assert found.blank == pytest.approx(probability(np.zeros_like(mean)), abs=1e-5)
    told = np.mean([probability(cells(other[0][..., 0])) for other in others])
    assert found.other == pytest.approx(told, abs=1e-5)
    assert [found.frontal, found.lateral] == pytest.approx([alone(mean, 0), alone(mean, 1)], abs=1e-5)


def test_a_word_that_never_looks_was_guessed(linear):
    # Full stop has a logit of 0: only "effusion"'s share of the rest moves it. Other patients that are the same do not.
    views = pictures()
    found = picture_share(linear, views, [STOP], 0, [views])
    assert found.other == found.shown
    flat = PictureShare(0.4, 0.41, 0.38, None, None)
    assert flat.guessed and abs(flat.moved) < 0.1
    assert not PictureShare(0.4, 0.41, 0.1, None, None).guessed and PictureShare(0.8, 0.1, 0.2, None, None).moved > 1


def test_one_view_alone_only_when_there_are_two(tiny, study):
    found = picture_share(tiny, Study(study.frontal, None), [4, 6], 1)
    assert found.frontal is None and found.lateral is None
    both = picture_share(tiny, study, [4, 6], 1)
    assert both.frontal is not None
    assert both.shown == pytest.approx(np.exp(tiny.score_text(study, "no effusion").words[1].log_prob), abs=1e-5)


def test_the_brightest_evidence_is_grounded_and_its_opposite_is_not(linear):
    views = np.zeros((2, 8, 8, 1), np.float32), np.array([True, True])
    views[0][0, :4, :4] = 1  # the cell that speaks for "effusion" by its brightness
    good, bad = np.zeros((2, 2, 2)), np.zeros((2, 2, 2))
    good[0, 0, 0], bad[1, 1, 0] = 1, 1
    found = area_occlusion(linear, views, [EFFUSION], 0, good, share=1 / 8)
    assert found.hidden < found.before and found.random.shape == (99,)
    # One random area in eight is that very cell: it cannot be told from chance at that size, and p says so.
    assert 0.05 < found.p < 0.25
    wrong = area_occlusion(linear, views, [EFFUSION], 0, bad, share=1 / 8)
    assert wrong.p > 0.5 and not wrong.grounded


def test_p_by_hand():
    area = AreaOcclusion(0.8, 0.3, np.r_[0.2, np.full(99, 0.7)], 0.1)
    assert area.p == pytest.approx(2 / 101) and area.grounded
    assert AreaOcclusion(0.8, 0.3, np.full(19, 0.3), 0.1).p == 1
    assert not AreaOcclusion(0.8, 0.9, np.full(99, 0.95), 0.1).grounded  # it rose


def test_resting_on_an_area_needs_an_effect_and_a_p():
    small = AreaOcclusion(0.93, 0.81, np.full(99, 0.92), 0.1)  # nobody else does as much, and yet it is little
    assert small.p == 0.01 and not small.effect and not small.grounded
    large = AreaOcclusion(0.93, 0.4, np.linspace(0.3, 0.9, 99), 0.1)  # much, and so do many others
    assert large.effect and large.p > 0.05 and not large.grounded
    assert AreaOcclusion(0.93, 0.4, np.full(99, 0.92), 0.1).grounded


def test_the_p_value_is_corrected_for_the_words_that_were_tried():
    random = np.r_[0.5, np.linspace(0.8, 0.9, 98)]
    alone = AreaOcclusion(0.9, 0.55, random, 0.1)
    own = standardised(0.9, random, np.array([0.55]))[0]
    many = AreaOcclusion(0.9, 0.55, random, 0.1, rivals=np.r_[np.full(9, own + 1), np.full(90, own - 1)], tried=5)
    assert alone.corrected_p == alone.p == 0.02 and many.p == 0.02
    assert many.corrected_p == pytest.approx(0.1) and alone.grounded and not many.grounded


def test_words_that_are_all_noise_are_rarely_called_grounded():
    """Twenty words of noise, the marked area one more random area: in about 5% of 200 studies any of them passes."""
    passed = 0
    for seed in range(200):
        falls = np.random.default_rng(seed).exponential(0.4, (20, 100))  # in log probability
        hidden = 0.9 * np.exp(-falls)
        rivals = np.max([standardised(0.9, word[1:], word[1:]) for word in hidden], axis=0)
        passed += any(AreaOcclusion(0.9, word[0], word[1:], 0.1, rivals=rivals, tried=20).grounded for word in hidden)
    assert passed <= 20


def test_the_middle_is_named_where_it_does_as_well():
    seen = PictureShare(0.8, 0.1, 0.05, 0.5, 0.6)
    winning = AreaOcclusion(0.8, 0.3, np.full(99, 0.7), 0.1, middle=0.25)
    assert winning.middle_wins and "the middle of the pictures takes it to 25%" in verdict("x", seen, winning)
    assert "middle" not in verdict("x", seen, AreaOcclusion(0.8, 0.3, np.full(99, 0.7), 0.1, middle=0.5))


def test_random_areas_are_shared_and_of_the_same_size(tiny, study):
    question = ask(tiny, study, [4, 6])
    area_test = AreaOcclusionTest(tiny, question, random=9)
    values = np.random.default_rng(0).random((2, 64, 64))
    first, second = area_test.of(1, values), area_occlusion(tiny, study, [4, 6], 1, values, random=9)
    np.testing.assert_allclose(first.random, second.random, atol=1e-6)
    assert (first.before, first.hidden) == pytest.approx((second.before, second.hidden), abs=1e-6)
    assert len(area_test._area(values, WHOLE)) == round(0.1 * 2 * 64 * 64)


def test_it_can_be_stopped(tiny, study):
    with pytest.raises(Stopped):
        area_occlusion(tiny, study, [4, 6], 1, np.ones((2, 2, 2)), progress=lambda done, of: done >= 8)


def test_gaze():
    even = np.full((2, 2, 2), 1 / 8)
    assert attention_entropy(even).bits == pytest.approx(3) and attention_entropy(even).evenness == pytest.approx(1)
    one = np.zeros((2, 2, 2))
    one[1, 0, 1] = 1
    assert attention_entropy(one) == AttentionEntropy(0.0, 0.0, "lateral", 1.0)
    frontal = np.stack([np.full((2, 2), 1 / 4), np.zeros((2, 2))])
    assert attention_entropy(frontal, (True, False)).evenness == pytest.approx(1)
    assert attention_entropy(frontal).evenness == pytest.approx(2 / 3)


def test_verdicts_are_one_sentence_each():
    seen, guessed = PictureShare(0.8, 0.1, 0.05, 0.5, 0.6), PictureShare(0.4, 0.41, 0.38, None, None)
    strong, weak = AreaOcclusion(0.8, 0.3, np.full(99, 0.7), 0.1), AreaOcclusion(0.8, 0.7, np.full(99, 0.6), 0.1)
    assert "guessed from language" in verdict("no", guessed, strong)
    assert "rests on the marked area: hiding it takes its probability from 80% to 30%" in verdict(
        "effusion", seen, strong
    )
    assert "0 of 99 random areas of that size do as much (p = 0.010)" in verdict("x", seen, strong)
    assert "hardly on the marked area" in verdict("effusion", seen, weak)
    unclear = AreaOcclusion(0.8, 0.3, np.linspace(0.2, 0.7, 99), 0.1)
    assert "not on the marked area in particular" in verdict("effusion", seen, unclear)
    assert [short(*each) for each in ((guessed, strong), (seen, strong), (seen, weak), (seen, unclear))] == [
        "guessed from language",
        "rests on the area",
        "hardly on the area",
        "not this area in particular",
    ]
    for sentence in (verdict("x", guessed, weak), verdict("x", seen, strong), verdict("x", seen, weak)):
        assert sentence.endswith(".") and ". " not in sentence
