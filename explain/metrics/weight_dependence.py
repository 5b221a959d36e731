"""Do a method's maps depend on what the network has learned? One rule and one wording for the page and all tables.

Of every map two similarities are taken: to the map of the same word by a network whose weights are all random, and to
the trained network's maps of other studies. A method whose maps merely show the picture resembles itself whatever the
weights are; one that shows the model loses at least what makes its maps alike. The difference of the two is paired word
by word, and judged by its bootstrap interval over studies, so that a difference that chance would give decides nothing;
and maps of which next to nothing is left are not said to have stayed, however sure the difference is, nor are maps that
had next to nothing in common said to have lost it.

Sources: Adebayo et al., "Sanity checks for saliency maps" (2018), arXiv 1810.03292; Arun et al., "Assessing the
trustworthiness of saliency maps" (2021), for the comparison with maps of other studies. The percentile interval of a
few studies is too narrow; it is expanded as in Hesterberg, "What teachers should know about the bootstrap" (2014),
arXiv 1411.5279, section 4.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from captioner.evaluation.bootstrap import draw, interval
from captioner.numbers import decimal
from captioner.sentence import Sentence
from explain.metrics.sanity_checks import standard_ranks

DEPENDS, DOES_NOT, CANNOT_TELL = "depends", "does not depend", "cannot tell"
VERDICTS = (DEPENDS, DOES_NOT, CANNOT_TELL)
FEWEST = 6  # studies: of five fair coins, all fall alike in one of sixteen throws
THE_SAME = 0.9  # a mean similarity whose whole interval is above this: the maps stayed what they were
RESEMBLES = 0.1  # a mean similarity whose whole interval is above this: the maps have something in common
OTHERS = 30  # maps of other studies that each map is compared with, at most
_SAMPLES = 4000  # the expanded interval reaches far into the tails


@dataclass(frozen=True)
class Dependence:
    """What was found of one method.

    Attributes:
        similarity: mean rank correlation with the wholly random network's maps, -1..1: "value", "low", "high".
        others: the same with the trained network's maps of other studies; None in place of numbers without a pair.
        difference: of the two, paired by word; it decides.
        studies: how many the interval was drawn from.
    """

    similarity: dict[str, Any]
    others: dict[str, Any]
    difference: dict[str, Any]
    studies: int

    @property
    def verdict(self) -> str:
        """The rule: one of VERDICTS."""
        if self.studies < FEWEST:
            return CANNOT_TELL
        stayed = self.similarity["low"]
        if stayed > THE_SAME or (self.difference["low"] > 0 and stayed > RESEMBLES):
            return DOES_NOT
        return DEPENDS if self.difference["high"] < 0 and self.others["low"] > RESEMBLES else CANNOT_TELL


def judge(after: npt.ArrayLike, others: npt.ArrayLike, studies: Iterable[Any]) -> Dependence:
    """The Dependence of a method.

    Args:
        after: similarity of each word's map to that of the random network.
        others: similarity of each word's map to the trained network's maps of other studies, the mean over them; NaN
            where there is none.
        studies: the study of each word.
    """
    random, rest, names = np.asarray(after, float), np.asarray(others, float), np.array(list(map(str, studies)))
    there = ~np.isnan(rest)
    found = {name: _interval(values, names) for name, values in (("similarity", random), ("others", rest))}
    difference = _interval((random - rest)[there], names[there])
    count = len(set(names[there]))
    return Dependence(found["similarity"], found["others"], difference, count)


def of_other_studies(
    maps: Sequence[np.ndarray], views: npt.ArrayLike, studies: Sequence[Any], pool: Any = None, seed: int = 0
) -> np.ndarray:
    """How much each map resembles maps of other studies: float `(words,)`, the mean over at most OTHERS of them.

    Args:
        maps: arrays of one shape, `(views, rows, columns)`, one a word.
        views: which views each has, bool `(views,)`; two maps are compared on those that both have.
        studies: the study of each.
        pool: the same three of the maps to compare with; these themselves when None.
        seed: of the drawing.

    Returns:
        NaN for a word that no other study has a view in common with.
    """
    numbers = np.random.default_rng(seed)
    maps_of, views_of, studies_of = pool or (maps, views, studies)
    own, theirs, names = np.asarray(views, bool), np.asarray(views_of, bool), np.asarray(studies_of)
    found = np.full(len(maps), np.nan)

    @cache  # a map is compared with many others, and to rank it is most of the work
    def ranks(is_own: bool, number: int, there: bytes) -> np.ndarray:
        return standard_ranks((maps if is_own else maps_of)[number][np.frombuffer(there, bool)])

    for word in range(len(maps)):
        usable = np.flatnonzero((names != studies[word]) & (theirs & own[word]).any(axis=1))
        if len(usable):
            some = numbers.permutation(usable)[:OTHERS]
            both = [(own[word] & theirs[other]).tobytes() for other in some]
            found[word] = np.mean(
                [ranks(True, word, there) @ ranks(pool is None, int(other), there) for other, there in zip(some, both)]
            )
    return found


def sentence(found: Dependence) -> Sentence:
    """What was found, with its numbers, in one sentence without a judgement."""
    if found.difference["value"] is None:
        return Sentence("There is no second study to compare its maps with.")
    low, high = (
        decimal(found.difference[end]) if found.difference[end] is not None else "–" for end in ("low", "high")
    )
    return Sentence(
        "With every weight made random the maps resemble the trained ones by {similarity} (rank correlation), and the "
        "trained maps of different studies resemble each other by {others}: a difference of {difference} ({low} to "
        "{high}, {studies} studies).",
        similarity=decimal(found.similarity["value"]),
        others=decimal(found.others["value"]),
        difference=decimal(found.difference["value"]),
        low=low,
        high=high,
        studies=found.studies,
    )


def words(found: Dependence) -> Sentence:
    """The verdict in a sentence that says no more than the numbers do."""
    if found.verdict == DEPENDS:
        return Sentence(
            "Depends on the weights: without what was learned, less is left of its maps than different studies share."
        )
    if found.verdict == DOES_NOT:
        if found.similarity["low"] > THE_SAME:
            return Sentence(
                "Does not depend on the weights: its maps stay much as they were when nothing is learned, so they show "
                "the picture more than the model."
            )
        return Sentence(
            "Does not depend on the weights as it should: a network that has learned nothing gives maps that are more "
            "like the trained ones than maps of different studies are."
        )
    if found.studies < FEWEST:
        return Sentence("Cannot tell from so few studies: {fewest} are needed.", fewest=FEWEST)
    if found.difference["low"] > 0:
        return Sentence(
            "Cannot tell: hardly anything is left of its maps without what was learned, but different studies share "
            "even less."
        )
    if found.difference["high"] < 0:
        return Sentence(
            "Cannot tell: its maps of different studies have next to nothing in common that random weights could take."
        )
    return Sentence(
        "Cannot tell: what is left of its maps without what was learned, and what different studies share, differ by "
        "no more than chance."
    )


def short(found: Dependence) -> str:
    """For a cell of a table: the verdict with both similarities and the interval of their difference."""
    if found.difference["value"] is None or found.difference["low"] is None:
        return found.verdict
    low, high = (decimal(found.difference[end]) for end in ("low", "high"))
    return (
        f"{found.verdict} ({decimal(found.similarity['value'])} against {decimal(found.others['value'])}, difference "
        f"{low} to {high}, {found.studies} studies)"
    )


def _interval(values: np.ndarray, studies: np.ndarray) -> dict[str, Any]:
    """Mean of words with an interval over studies that is as wide as so few studies ask for."""
    if not len(values) or np.isnan(values).all():
        return {"value": None, "low": None, "high": None}
    there = ~np.isnan(values)
    names, place = np.unique(studies[there], return_inverse=True)
    sums, counts = np.bincount(place, values[there], len(names)), np.bincount(place, minlength=len(names))
    value = sums.sum() / counts.sum()
    if len(names) < 2:
        return {"value": float(value), "low": None, "high": None}
    draws = draw(len(names), samples=_SAMPLES)
    return interval(value, draws @ sums / (draws @ counts), _level(len(names)))


def _level(count: int, level: float = 0.95) -> float:
    """The nominal level at which a percentile interval of `count` units covers as Student's t would."""
    z, degrees = NormalDist().inv_cdf((1 + level) / 2), count - 1
    # Abramowitz and Stegun, "Handbook of mathematical functions" (1964), 26.7.5: t from the normal quantile.
    t = (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    )
    return 1 - 2 * NormalDist().cdf(-sqrt(count / degrees) * t)
