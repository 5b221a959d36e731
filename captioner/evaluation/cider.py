"""CIDEr-D: n-grams shared with the reference, each weighed by how rare it is among all references.

Source: Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation", CVPR 2015: equations 1 to 4 for the
weights and the cosine, section 7 (CIDEr-D) for clipping, the Gaussian penalty on the length and the factor 10. The
paper stems the words; the code of the COCO challenge does not, and neither does this. Written here because the
package with that code, pycocoevalcap, is no longer kept up; the tests compare with it where it is installed.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

ORDERS = 4
SIGMA = 6.0  # words by which two lengths may differ before the penalty reaches exp(-1/2)


class Rarity(NamedTuple):
    """In how many of a set of references each n-gram occurs, by which CIDEr-D weighs n-grams."""

    counts: Counter
    references: int


class _Vector(NamedTuple):
    weights: tuple  # one dictionary n-gram -> tf-idf an order
    norms: tuple
    words: int


def rarity(references: Sequence[str]) -> Rarity:
    """The document frequencies of the n-grams of a list of references, one reference per study."""
    counts: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        counts.update(set(_ngrams(reference.split())))
    return Rarity(counts, len(references))


def cider_d_each(references: Sequence[str], predictions: Sequence[str], rarity_of: Rarity | None = None) -> np.ndarray:
    """CIDEr-D of each prediction against its one reference.

    Args:
        references: cleaned captions, one a study.
        predictions: as many.
        rarity_of: `Rarity` to weigh by; default that of `references` themselves, as the COCO challenge does.

    Returns:
        float64 `(studies,)`, each 0 to 10; the corpus's score is their mean.
    """
    rarity_of = rarity(references) if rarity_of is None else rarity_of
    known = {text: _vector(text, rarity_of) for text in {*references, *predictions}}
    return np.array(
        [
            _similarity(known[reference], known[prediction])
            for reference, prediction in zip(references, predictions, strict=True)
        ],
        dtype=float,
    )


def _ngrams(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for order in range(1, ORDERS + 1):
        for start in range(len(words) - order + 1):
            yield tuple(words[start : start + order])


def _vector(text: str, rarity_of: Rarity) -> _Vector:
    words = text.split()
    weights: tuple[dict[tuple[str, ...], float], ...] = tuple({} for _ in range(ORDERS))
    studies = math.log(max(1, rarity_of.references))
    for ngram, times in Counter(_ngrams(words)).items():
        weights[len(ngram) - 1][ngram] = times * (studies - math.log(max(1, rarity_of.counts[ngram])))
    norms = tuple(math.sqrt(sum(weight * weight for weight in order.values())) for order in weights)
    return _Vector(weights, norms, len(words))


def _similarity(reference: _Vector, prediction: _Vector) -> float:
    """The mean over the orders of the clipped cosine, times the length penalty, times 10."""
    total = 0.0
    for order in range(ORDERS):
        norms = reference.norms[order] * prediction.norms[order]
        if norms > 0:
            wanted = reference.weights[order]
            total += (
                sum(
                    min(weight, wanted[ngram]) * wanted[ngram]
                    for ngram, weight in prediction.weights[order].items()
                    if ngram in wanted
                )
                / norms
            )
    penalty = math.exp(-((prediction.words - reference.words) ** 2) / (2 * SIGMA**2))
    return 10.0 * penalty * total / ORDERS
