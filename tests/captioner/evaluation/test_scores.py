"""The text scores against numbers worked out by hand and against the packages that others use."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.evaluation import finding_metrics, scores, text_metrics
from captioner.evaluation.rouge import longest_common_subsequence

WORDS = ("no", "acute", "disease", "effusion", "small", "left", "right", "clear", "lungs", ".", "cardiomegaly")
CAPTION = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
PAIRS = st.lists(st.tuples(CAPTION, CAPTION), min_size=1, max_size=8)


def invented(count, seed, least=1, most=14):
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(least, most))) for _ in range(count)]


# --- the seed's BLEU ---


@pytest.mark.parametrize(
    ("reference", "candidate", "expected"),
    [
        (
            "emphysematous change without acute radiographic cardiopulmonary process .",
            "no acute cardiopulmonary abnormality . chronic changes consistent with emphysema .",
            (0.272727, 0.522233, 0.651314, 0.722657),
        ),
        # 2 of 2 words, no pair: shorter than the reference, so exp(1 - 4/2) remains.
        ("left lung is clear", "clear lung", (math.exp(-1),) * 4),
        ("left lung is clear", "left lung is clear", (1, 1, 1, 1)),
        ("left lung is clear", "right hilum", (0, 0, 0, 0)),
        ("left lung is clear", "", (0, 0, 0, 0)),
        ("", "left lung", (0, 0, 0, 0)),
        # One word, repeated: clipped to a single match of four; longer than the reference, so no penalty.
        ("clear", "clear clear clear clear", (0.25, 0.25**0.5, 0.25**0.33, 0.25**0.25)),
    ],
)
def test_seed_bleu_by_hand(reference, candidate, expected):
    assert text_metrics.seed_bleu(reference, candidate) == pytest.approx(expected, abs=5e-7)


def test_seed_bleu_agrees_with_nltk_where_every_order_matches():
    bleu_score = pytest.importorskip("nltk.translate.bleu_score", reason="nltk is not installed")
    reference = "the lungs are clear and the heart is normal ."
    candidate = "the lungs are clear . the heart is normal ."
    for weights, ours in zip(text_metrics.SEED_WEIGHTS, text_metrics.seed_bleu(reference, candidate), strict=True):
        assert ours == pytest.approx(bleu_score.sentence_bleu([reference.split()], candidate.split(), weights))


def test_seed_bleu_of_a_corpus_is_the_mean():
    references, candidates = invented(20, 1), invented(20, 2)
    each = [text_metrics.seed_bleu(*pair) for pair in zip(references, candidates, strict=True)]
    assert text_metrics.seed_bleu_mean(references, candidates) == pytest.approx(np.mean(each, axis=0))


# --- ROUGE-L ---


def test_rouge_l_by_hand():
    # "no disease ." of "no acute disease .": 3 in common, precision 1, recall 3/4.
    expected = (1 + 1.44) * 1 * 0.75 / (0.75 + 1.44 * 1)
    assert text_metrics.rouge_l("no acute disease .", "no disease .") == pytest.approx(expected)
    assert text_metrics.rouge_l("clear lungs", "lungs clear") == pytest.approx(0.5)
    assert (
        text_metrics.rouge_l("clear lungs", "")
        == text_metrics.rouge_l("", "clear lungs")
        == text_metrics.rouge_l("clear", "no")
        == 0
    )


@given(st.lists(st.sampled_from("abc"), max_size=7), st.lists(st.sampled_from("abc"), max_size=7))
def test_longest_common_subsequence_against_all_subsequences(first, second):
    def subsequences(letters):
        return {
            tuple(letter for place, letter in enumerate(letters) if chosen >> place & 1)
            for chosen in range(1 << len(letters))
        }

    assert longest_common_subsequence(first, second) == max(map(len, subsequences(first) & subsequences(second)))


# --- CIDEr-D ---


def test_cider_d_by_hand():
    """Two references without a word in common: every n-gram stands in one, so each weighs log 2."""
    references = ["clear lungs", "big heart"]
    # "clear heart": of the words one of two, cosine 1/2; no pair, and no longer n-grams. The mean over 4 orders by 10.
    assert text_metrics.cider_d_each(references, ["clear heart", "big heart"]) == pytest.approx(
        [10 * 0.5 / 4, 10 * 2 / 4]
    )
    # Three words more than wanted: exp(-9/72). Words: 4 times "clear" clipped to 1, and "lungs". Pairs: "clear lungs",
    # "lungs clear" and twice "clear clear", of which the first is wanted; an unseen pair weighs log 2 as well.
    long, empty = text_metrics.cider_d_each(references, ["clear lungs clear clear clear", ""])
    words, pairs = (1 * 1 + 1 * 1) / (math.sqrt(1 + 1) * math.sqrt(16 + 1)), 1 / math.sqrt(1 + 1 + 4)
    assert long == pytest.approx(10 * math.exp(-9 / 72) * (words + pairs) / 4)
    assert empty == 0


def test_cider_d_of_words_that_every_reference_has_is_zero():
    """A word that stands in every reference says nothing: the logarithm of 2 / 2 is 0."""
    assert text_metrics.cider_d(["clear lungs", "clear lungs"], ["clear lungs", "clear lungs"]) == 0


def test_cider_d_can_weigh_by_other_references():
    references, predictions = invented(6, 3), invented(6, 4)
    background = text_metrics.rarity(invented(50, 5) + references)
    single = [
        text_metrics.cider_d([reference], [prediction], background)
        for reference, prediction in zip(references, predictions, strict=True)
    ]
    assert text_metrics.cider_d_each(references, predictions, background) == pytest.approx(single)


@pytest.mark.parametrize("seed", range(3))
def test_agree_with_the_coco_caption_code(seed):
    cider = pytest.importorskip("pycocoevalcap.cider.cider", reason="pycocoevalcap is not installed")
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge", reason="pycocoevalcap is not installed")
    references = invented(40, seed)
    predictions = invented(20, seed + 100) + references[20:]
    truth = {place: [text] for place, text in enumerate(references)}
    given_texts = {place: [text] for place, text in enumerate(predictions)}
    for scorer, ours in ((cider.Cider(), text_metrics.cider_d_each), (rouge.Rouge(), text_metrics.rouge_l_each)):
        mean, each = scorer.compute_score(truth, given_texts)
        assert ours(references, predictions) == pytest.approx(np.array(each))
        assert ours(references, predictions).mean() == pytest.approx(mean)


# --- corpus BLEU ---


def test_bleu_by_hand():
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 fours; longer than the reference.
    found = text_metrics.bleu(["no acute lung disease"], ["no acute lung disease today"])
    ratios = [4 / 5, 3 / 4, 2 / 3, 1 / 2]
    assert found == pytest.approx([math.prod(ratios[:n]) ** (1 / n) for n in (1, 2, 3, 4)])


@pytest.mark.parametrize(
    "sums",
    [
        [9, 6, 4, 2, 11, 9, 7, 5, 11, 14],
        [9, 6, 0, 0, 11, 9, 7, 5, 11, 10],  # two orders without a match are smoothed
        [2, 1, 0, 0, 3, 2, 1, 0, 3, 3],  # too short for four words in a row
        [0, 0, 0, 0, 3, 2, 1, 0, 3, 3],
        [0] * 9 + [5],
    ],
)
def test_each_order_of_bleu_is_the_one_that_sacrebleu_computes_for_it(sums):
    from sacrebleu.metrics import BLEU

    found = text_metrics.bleu_from(np.array(sums))
    for order, ours in enumerate(found, 1):
        counts = sums[:order], sums[4 : 4 + order], *sums[8:]
        theirs = BLEU.compute_bleu(*counts, smooth_method="exp", max_ngram_order=order)
        assert ours == pytest.approx(theirs.score / 100, rel=1e-12)


def test_bleu_is_sacrebleu_s():
    import sacrebleu

    references = invented(30, 7, least=4)
    predictions = invented(15, 8, least=4) + references[15:]
    for order, ours in enumerate(text_metrics.bleu(references, predictions), 1):
        theirs = sacrebleu.BLEU(max_ngram_order=order, tokenize="none", force=True)
        assert ours == pytest.approx(theirs.corpus_score(predictions, [references]).score / 100)


def test_bleu_of_nothing_in_common_and_of_nothing():
    assert text_metrics.bleu(["clear lungs"], ["big heart"]) == (0, 0, 0, 0)
    assert text_metrics.bleu(["clear lungs"], [""]) == (0, 0, 0, 0)


# --- findings ---


def test_finding_scores_by_hand():
    references = ["effusion .", "effusion .", "cardiomegaly .", "clear ."]
    predictions = ["effusion .", "clear .", "effusion .", "clear ."]
    found = finding_metrics.finding_scores_from(finding_metrics.finding_rows(references, predictions).sum(axis=0))
    effusion, heart = finding_metrics.FINDINGS.index("effusion"), finding_metrics.FINDINGS.index("cardiomegaly")
    assert (found["precision"][effusion], found["recall"][effusion], found["f1"][effusion]) == (0.5, 0.5, 0.5)
    assert np.isnan(found["precision"][heart]) and found["recall"][heart] == 0 and found["f1"][heart] == 0
    assert np.isnan(found["f1"][finding_metrics.FINDINGS.index("hernia")])
    assert found["macro_f1"] == found["macro_precision"] == found["macro_recall"] == 0.25  # effusion, cardiomegaly
    assert found["micro_f1"] == pytest.approx(2 * 1 / (2 * 1 + 1 + 2))
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert finding_metrics.macro_f1(references, predictions) == 0.25
    assert finding_metrics.balanced_accuracy(references, predictions) == pytest.approx(5 / 6)


def test_undefined_where_the_references_are_of_one_kind():
    assert math.isnan(finding_metrics.balanced_accuracy(["clear ."], ["effusion ."]))
    assert math.isnan(finding_metrics.macro_f1(["clear ."], ["effusion ."]))


def test_a_constant_normal_caption_finds_nothing():
    references = ["effusion .", "clear .", "small nodule .", "clear ."]
    every = scores.score_all(references, ["no acute disease ."] * 4)
    assert (every["macro_f1"], every["micro_f1"], every["balanced_accuracy"], every["distinct"]) == (0, 0, 0.5, 1)


# --- properties of all of them ---


@settings(deadline=None)
@given(PAIRS)
def test_bounds(pairs):
    references, predictions = zip(*pairs, strict=True)
    for name, value in scores.score_all(references, predictions).items():
        most = {"cider_d": 10 + 1e-9, "distinct": len(pairs)}.get(name, 1 + 1e-12)
        assert math.isnan(value) and name in ("macro_f1", "micro_f1", "balanced_accuracy") or 0 <= value <= most


@settings(deadline=None)
@given(PAIRS, st.randoms())
def test_the_order_of_the_studies_does_not_matter(pairs, rng):
    mixed = list(pairs)
    rng.shuffle(mixed)
    one, other = (scores.score_all(*zip(*order, strict=True)) for order in (pairs, mixed))
    assert one == pytest.approx(other, nan_ok=True)


@settings(deadline=None)
@given(st.lists(CAPTION, min_size=1, max_size=8))
def test_the_reference_itself_scores_highest(references):
    every = scores.score_all(references, references)
    for name in ("bleu_1", "rouge_l", "seed_bleu_1", "seed_bleu_4"):
        assert every[name] == pytest.approx(1)
    for name in ("macro_f1", "micro_f1", "balanced_accuracy"):
        assert math.isnan(every[name]) or every[name] == 1
    assert (
        text_metrics.cider_d_each(references, references) + 1e-9
        >= text_metrics.cider_d_each(references, references[1:] + references[:1])
    ).all()


def test_distinct_long_captions_score_ten_in_cider_d_against_themselves():
    references = invented(10, 11, least=6)
    assert text_metrics.cider_d_each(references, references) == pytest.approx([10] * 10)


@pytest.mark.parametrize(
    "score", [text_metrics.bleu, text_metrics.rouge_l_each, text_metrics.cider_d_each, text_metrics.seed_bleu_each]
)
def test_refuses_lists_of_different_length(score):
    with pytest.raises(ValueError):
        score(["clear ."], [])
