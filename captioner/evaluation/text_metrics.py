"""How well the wording of predicted impressions agrees with the written ones. Pure functions of two lists of captions.

Each score is a function of one row of numbers per study: the row's mean (ROUGE-L, CIDEr-D, the seed's BLEU) or a ratio
of its sums (corpus BLEU). So an interval needs only weighted sums of these rows, and no text is read twice;
`captioner.evaluation.bootstrap` draws its samples so.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from captioner.evaluation.cider import Rarity, cider_d_each, rarity
from captioner.evaluation.rouge import rouge_l, rouge_l_each

__all__ = [
    "Rarity",
    "bleu",
    "bleu_from",
    "bleu_rows",
    "cider_d",
    "cider_d_each",
    "distinct_captions",
    "rarity",
    "rouge_l",
    "rouge_l_each",
    "rouge_l_mean",
    "seed_bleu",
    "seed_bleu_each",
    "seed_bleu_mean",
]

ORDERS = 4
# The seed weighed three n-gram orders by .33 each, which sum to 0.99 and not to 1.
SEED_WEIGHTS = ((1.0,), (0.5, 0.5), (0.33, 0.33, 0.33), (0.25, 0.25, 0.25, 0.25))


# --- corpus BLEU ------------------------------------------------------------------------------------------------


def bleu(references: Sequence[str], predictions: Sequence[str]) -> tuple[float, ...]:
    """Corpus BLEU-1 to BLEU-4 by sacrebleu, four floats 0 to 1.

    Source: Papineni et al. 2002; Post, "A Call for Clarity in Reporting BLEU Scores", 2018. Tokens are the captions'
    own words; an order without any match in the whole corpus is smoothed (sacrebleu's `exp`).
    """
    return bleu_from(bleu_rows(references, predictions).sum(axis=0))


def bleu_rows(references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """What corpus BLEU is made of, one row per study.

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


def bleu_from(sums: np.ndarray) -> tuple[float, ...]:
    """BLEU-1 to BLEU-4 from summed rows of `bleu_rows`, `(10,)`; tuple of four floats 0 to 1."""
    from sacrebleu.metrics import BLEU

    numbers = [int(number) for number in sums]
    matched, total = numbers[:ORDERS], numbers[ORDERS : 2 * ORDERS]
    predicted, wanted = numbers[2 * ORDERS :]
    whole = BLEU.compute_bleu(matched, total, predicted, wanted, smooth_method="exp")
    scores, logarithms = [], 0.0
    # A higher order changes no lower one's precision: those of BLEU-4 are those of BLEU-1 to 3 as well.
    for order, precision in enumerate(whole.precisions, 1):
        logarithms += math.log(precision) if precision else -math.inf
        # sacrebleu's percentages can pass 100 by a rounding error.
        scores.append(min(1.0, whole.bp * math.exp(logarithms / order) / 100))
    return tuple(scores)


# --- the seed's BLEU, ROUGE-L, CIDEr-D ---------------------------------------------------------------------------


def seed_bleu(reference: str, candidate: str) -> tuple[float, ...]:
    """The seed's BLEU-1 to BLEU-4 of one prediction; for comparison with its published numbers only.

    What NLTK 3.4's `sentence_bleu` computes without smoothing: an n-gram order without a match is left out of the
    geometric mean and its weight is not given to the others, so that fewer matches can mean a higher score. Clipped
    n-gram precisions, brevity penalty, `SEED_WEIGHTS`; 0 when no word matches.

    Returns:
        tuple of four floats, 0 to 1.

    >>> [round(score, 6) for score in seed_bleu("no acute disease .", "no disease .")]
    [0.716531, 0.506664, 0.570027, 0.602529]
    """
    true, written = reference.split(), candidate.split()
    precisions = []
    for order in range(1, ORDERS + 1):
        wanted, given = _ngram_counts(true, order), _ngram_counts(written, order)
        precisions.append((wanted & given).total() / max(1, given.total()))
    if not precisions[0]:
        return (0.0,) * ORDERS
    penalty = 1.0 if len(written) > len(true) else math.exp(1 - len(true) / len(written))
    return tuple(
        penalty
        * math.exp(sum(weight * math.log(precision) for weight, precision in zip(weights, precisions) if precision))
        for weights in SEED_WEIGHTS
    )


def _ngram_counts(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + order]) for start in range(len(words) - order + 1))


def seed_bleu_each(references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """float64 `(studies, 4)`: `seed_bleu` of each prediction."""
    scores = [seed_bleu(*pair) for pair in zip(references, predictions, strict=True)]
    return np.array(scores, dtype=float).reshape(-1, ORDERS)


def seed_bleu_mean(references: Sequence[str], predictions: Sequence[str]) -> tuple[float, ...]:
    """The seed's BLEU-1 to BLEU-4, averaged over studies as the seed did; tuple of four floats 0 to 1."""
    return tuple(seed_bleu_each(references, predictions).mean(axis=0).tolist())


def rouge_l_mean(references: Sequence[str], predictions: Sequence[str]) -> float:
    """ROUGE-L averaged over studies, 0 to 1."""
    return float(rouge_l_each(references, predictions).mean())


def cider_d(references: Sequence[str], predictions: Sequence[str], rarity_of: Rarity | None = None) -> float:
    """CIDEr-D averaged over studies, 0 to 10; see `captioner.evaluation.cider`."""
    return float(cider_d_each(references, predictions, rarity_of).mean())


def distinct_captions(predictions: Iterable[str]) -> int:
    """How many different captions there are; two that differ by the last full stop alone are one.

    >>> distinct_captions(["normal chest .", "normal chest", "effusion ."])
    2
    """
    return len({prediction.strip().removesuffix(".").rstrip() for prediction in predictions})
