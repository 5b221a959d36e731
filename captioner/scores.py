"""How well predicted impressions agree with the written ones. Pure functions of two lists of cleaned captions.

Each score is a function of one row of numbers a study: the row's mean (ROUGE-L, CIDEr-D, the seed's BLEU) or a ratio
of its sums (corpus BLEU, the finding scores). So an interval needs only weighted sums of these rows, and no text is
read twice; `captioner.evaluation` draws its bootstrap samples so.
"""

import math
from collections import Counter

import numpy as np

from captioner.cider import Rarity, cider_d_each, rarity
from captioner.findings import FINDINGS, is_normal, label_all
from captioner.rouge import rouge_l, rouge_l_each

__all__ = ["Rarity", "balanced_accuracy", "bleu", "bleu_from", "bleu_rows", "cider_d", "cider_d_each", "finding_rows",
           "finding_scores_from", "macro_f1", "rarity", "rouge_l", "rouge_l_each", "rouge_l_mean", "score_all",
           "seed_bleu", "seed_bleu_each", "seed_bleu_mean"]

ORDERS = 4
# The seed weighed three n-gram orders by .33 each, which sum to 0.99 and not to 1.
SEED_WEIGHTS = ((1.0,), (0.5, 0.5), (0.33, 0.33, 0.33), (0.25, 0.25, 0.25, 0.25))


# --- corpus BLEU ------------------------------------------------------------------------------------------------

def bleu(references, predictions):
    """Corpus BLEU-1 to BLEU-4 by sacrebleu, four floats 0 to 1.

    Source: Papineni et al. 2002; Post, "A Call for Clarity in Reporting BLEU Scores", 2018. Tokens are the captions'
    own words; an order without any match in the whole corpus is smoothed (sacrebleu's `exp`).
    """
    return bleu_from(bleu_rows(references, predictions).sum(axis=0))


def bleu_rows(references, predictions):
    """What corpus BLEU is made of, a study a row.

    Returns:
        int64 `(studies, 10)`: matched n-grams of order 1 to 4, predicted n-grams of order 1 to 4, words predicted,
        words in the reference.
    """
    from sacrebleu.metrics import BLEU

    counter = BLEU(max_ngram_order=ORDERS, tokenize="none", force=True)
    rows, known = [], {}
    for pair in zip(references, predictions, strict=True):
        if pair not in known:
            score = counter.corpus_score([pair[1]], [[pair[0]]])
            known[pair] = (*score.counts, *score.totals, score.sys_len, score.ref_len)
        rows.append(known[pair])
    return np.array(rows, dtype=np.int64).reshape(-1, 2 * ORDERS + 2)


def bleu_from(sums):
    """BLEU-1 to BLEU-4 from summed rows of `bleu_rows`, `(10,)`; tuple of four floats 0 to 1."""
    from sacrebleu.metrics import BLEU

    sums = [int(number) for number in sums]
    matched, total, (predicted, wanted) = sums[:ORDERS], sums[ORDERS : 2 * ORDERS], sums[2 * ORDERS :]
    # sacrebleu's percentage can pass 100 by a rounding error.
    return tuple(min(1.0, BLEU.compute_bleu(matched[:order], total[:order], predicted, wanted, smooth_method="exp",
                                            max_ngram_order=order).score / 100) for order in range(1, ORDERS + 1))


# --- the seed's BLEU, ROUGE-L, CIDEr-D ---------------------------------------------------------------------------

def seed_bleu(reference, candidate):
    """The seed's BLEU-1 to BLEU-4 of one prediction; for comparison with its published numbers only.

    What NLTK 3.4's `sentence_bleu` computes without smoothing: an n-gram order without a match is left out of the
    geometric mean and its weight is not given to the others, so that fewer matches can mean a higher score. Clipped
    n-gram precisions, brevity penalty, `SEED_WEIGHTS`; 0 when no word matches.

    Returns:
        tuple of four floats, 0 to 1.

    >>> [round(score, 6) for score in seed_bleu("no acute disease .", "no disease .")]
    [0.716531, 0.506664, 0.570027, 0.602529]
    """
    reference, candidate = reference.split(), candidate.split()
    precisions = []
    for order in range(1, ORDERS + 1):
        wanted, given = _ngram_counts(reference, order), _ngram_counts(candidate, order)
        precisions.append((wanted & given).total() / max(1, given.total()))
    if not precisions[0]:
        return (0.0,) * ORDERS
    penalty = 1.0 if len(candidate) > len(reference) else math.exp(1 - len(reference) / len(candidate))
    return tuple(penalty * math.exp(sum(weight * math.log(precision)
                                        for weight, precision in zip(weights, precisions) if precision))
                 for weights in SEED_WEIGHTS)


def _ngram_counts(words, order):
    return Counter(tuple(words[start : start + order]) for start in range(len(words) - order + 1))


def seed_bleu_each(references, predictions):
    """float64 `(studies, 4)`: `seed_bleu` of each prediction."""
    scores = [seed_bleu(*pair) for pair in zip(references, predictions, strict=True)]
    return np.array(scores, dtype=float).reshape(-1, ORDERS)


def seed_bleu_mean(references, predictions):
    """The seed's BLEU-1 to BLEU-4, averaged over studies as the seed did; tuple of four floats 0 to 1."""
    return tuple(seed_bleu_each(references, predictions).mean(axis=0).tolist())


def rouge_l_mean(references, predictions):
    """ROUGE-L averaged over studies, 0 to 1."""
    return float(rouge_l_each(references, predictions).mean())


def cider_d(references, predictions, rarity_of=None):
    """CIDEr-D averaged over studies, 0 to 10; see `captioner.cider`."""
    return float(cider_d_each(references, predictions, rarity_of).mean())


# --- findings ---------------------------------------------------------------------------------------------------

def finding_rows(references, predictions):
    """What the finding scores are made of, a study a row.

    Returns:
        float64 `(studies, 3 * 13 + 4)`: per finding whether it is stated in both texts (13 columns), only in the
        prediction (13), only in the reference (13); then whether the reference is abnormal, whether both are, whether
        the reference is normal, whether both are.
    """
    wanted, given = label_all(references), label_all(predictions)
    normal, called_normal = is_normal(wanted), is_normal(given)
    sides = np.stack([~normal, ~normal & ~called_normal, normal, normal & called_normal], axis=1)
    return np.concatenate([wanted & given, ~wanted & given, wanted & ~given, sides], axis=1).astype(float)


def finding_scores_from(sums):
    """Precision, recall and F1 a finding from summed `finding_rows`.

    Args:
        sums: float `(..., 43)`; leading axes are bootstrap samples.

    Returns:
        dict of float arrays. `precision`, `recall`, `f1`: `(..., 13)`; NaN where nothing was predicted (precision) or
        where the references never state the finding (recall, F1). `macro_f1`, `macro_precision`, `macro_recall`:
        `(...)`, the mean over the findings that the references state at least once, a finding never predicted
        counting with precision 0. `micro_precision`, `micro_recall`, `micro_f1`: `(...)`, over all decisions pooled.
        `balanced_accuracy`: `(...)`, the mean of the share of abnormal studies called abnormal and of normal studies
        called normal; NaN when the references hold only one kind.
    """
    count = len(FINDINGS)
    both, extra, missed, sides = np.split(np.asarray(sums, dtype=float), [count, 2 * count, 3 * count], axis=-1)
    stated = both + missed > 0
    precision, recall = _ratio(both, both + extra), _ratio(both, both + missed)
    f1 = np.where(stated, _ratio(2 * both, 2 * both + extra + missed), np.nan)
    pooled = [part.sum(axis=-1) for part in (both, extra, missed)]
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "macro_precision": _mean_over(np.nan_to_num(precision), stated),
        "macro_recall": _mean_over(np.nan_to_num(recall), stated),
        "macro_f1": _mean_over(np.nan_to_num(f1), stated),
        "micro_precision": np.nan_to_num(_ratio(pooled[0], pooled[0] + pooled[1])),
        "micro_recall": _ratio(pooled[0], pooled[0] + pooled[2]),
        "micro_f1": _ratio(2 * pooled[0], 2 * pooled[0] + pooled[1] + pooled[2]),
        "balanced_accuracy": (_ratio(sides[..., 1], sides[..., 0]) + _ratio(sides[..., 3], sides[..., 2])) / 2,
    }


def _ratio(part, whole):
    """part / whole, NaN where the whole is zero."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def _mean_over(values, chosen):
    return _ratio((values * chosen).sum(axis=-1), chosen.sum(axis=-1).astype(float))


def macro_f1(references, predictions):
    """Mean F1 over the findings that the references state at least once, 0 to 1; NaN when they state none."""
    return float(finding_scores_from(finding_rows(references, predictions).sum(axis=0))["macro_f1"])


def balanced_accuracy(references, predictions):
    """Balanced accuracy of normal against abnormal impressions, 0 to 1; NaN when the references are all of one kind."""
    return float(finding_scores_from(finding_rows(references, predictions).sum(axis=0))["balanced_accuracy"])


# --- all at once ------------------------------------------------------------------------------------------------

def score_all(references, predictions):
    """Every score of a set of predictions, without intervals: what training shows after an epoch.

    Returns:
        dict name -> float: bleu_1..4, rouge_l, cider_d, seed_bleu_1..4, macro_f1, micro_f1, balanced_accuracy, and
        distinct, the number of different predictions.
    """
    findings = finding_scores_from(finding_rows(references, predictions).sum(axis=0))
    return {
        **{f"bleu_{order}": score for order, score in enumerate(bleu(references, predictions), 1)},
        "rouge_l": rouge_l_mean(references, predictions),
        "cider_d": cider_d(references, predictions),
        **{f"seed_bleu_{order}": score for order, score in enumerate(seed_bleu_mean(references, predictions), 1)},
        **{name: float(findings[name]) for name in ("macro_f1", "micro_f1", "balanced_accuracy")},
        "distinct": len(set(predictions)),
    }
