"""Does hiding the marked area make a word less likely than hiding random areas of the same size does?

What is hidden is replaced with the blurred picture (`explain.methods.empty_picture`), as deletion does: Petsiuk, Das
and Saenko, "RISE" (2018). Random areas of the same size give the p value, as in a permutation test; the 1 that is added
above and below is that of Phipson and Smyth, "Permutation p-values should never be zero" (2010). Where several words
are tried at once, the p value is corrected by the largest statistic among them: Westfall and Young, "Resampling-based
multiple testing" (1993), section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explain.heatmap import WHOLE
from explain.methods.base import Stopped
from explain.methods.question import ask
from explain.metrics.deletion_insertion import centre, order
from explain.metrics.masking import BATCH, Hiding
from explain.metrics.picture_share import MOVED

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.study import Study
    from explain.heatmap import Extent
    from explain.methods.question import Question

SHARE = 0.1  # of the pixels, hidden at once
RANDOM = 99  # areas; p cannot fall below 0.01
SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class AreaOcclusion:
    """What hiding the marked area does, beside random areas of the same size. What a word rests on says nothing of
    whether the word is right.

    Attributes:
        before: the word's probability, 0..1.
        hidden: with the marked area hidden.
        random: float `(n,)`, with each random area hidden.
        share: of the pixels of all views, hidden at once.
        middle: with as much of the middle of the views hidden; None when that was not tried.
        rivals: float `(n,)`, for each random area the largest standardised fall among all words that were tried (see
            `standardised`); None when this word alone was tried.
        tried: words that were tried together.
    """

    before: float
    hidden: float
    random: np.ndarray
    share: float
    middle: float | None = None
    rivals: np.ndarray | None = None
    tried: int = 1

    @property
    def fall(self) -> float:
        """How far the log probability (natural) falls when the marked area is hidden; negative when it rises."""
        return float(_log(self.before) - _log(self.hidden))

    @property
    def effect(self) -> bool:
        """Whether that is as much as counts as moved (MOVED), whatever chance would do."""
        return self.fall >= MOVED

    @property
    def as_much(self) -> int:
        """Random areas that take away as much."""
        return int((self.random <= self.hidden).sum())

    @property
    def p(self) -> float:
        """(1 + random areas that take away as much) / (1 + all of them), of this word alone."""
        return float((1 + self.as_much) / (1 + len(self.random)))

    @property
    def corrected_p(self) -> float:
        """The p value, corrected for the number of words tried: (1 + random areas under which any of these words falls
        as far, in standard deviations of its own random areas) / (1 + all of them); never below `p`.
        """
        if self.rivals is None:
            return self.p
        own = float(standardised(self.before, self.random, np.array([self.hidden]))[0])
        return max(self.p, float((1 + (self.rivals >= own).sum()) / (1 + len(self.random))))

    @property
    def grounded(self) -> bool:
        """Whether hiding the marked area has an effect, and one that random areas do not have."""
        return self.effect and self.corrected_p <= SIGNIFICANT

    @property
    def middle_wins(self) -> bool:
        """Whether hiding the middle of the views takes away as much: a map is no better than none then."""
        return self.middle is not None and self.middle <= self.hidden


def standardised(before: float, random: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Falls of a word's log probability, less the mean fall under random areas, in standard deviations of those.

    Args:
        before: the word's probability.
        random: `(n,)`, with each random area hidden.
        hidden: `(m,)`, with the areas in question hidden.

    Returns:
        float `(m,)`; 0 where random areas do nothing at all and neither does the area.
    """
    falls, own = _log(before) - _log(random), _log(before) - _log(hidden)
    return (own - falls.mean()) / max(float(falls.std()), 1e-6)


def area_occlusion(
    model: Captioner,
    study: Study,
    tokens: npt.ArrayLike | Caption,
    position: int,
    values: np.ndarray,
    extent: Extent = WHOLE,
    share: float = SHARE,
    random: int = RANDOM,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> AreaOcclusion:
    """Does a word's probability fall more when the marked area is hidden than when random areas of its size are?

    Args:
        model, study, tokens, position: as in `explain.metrics.picture_share.picture_share`.
        values, extent: its map, as in `explain.metrics.deletion_insertion.curves`.
        share: of the pixels of all views: the marked area is that share where the map is strongest.
        random: number of random areas, made of whole cells of the model's grid.
        seed: of the random areas.
        progress: as in `explain.methods.base.Method.explain`.

    Returns:
        AreaOcclusion.

    Raises:
        Stopped: `progress` returned True.
    """
    question = ask(model, study, tokens, [position])
    area_test = AreaOcclusionTest(model, question, share, random, seed, progress)
    return area_test.of(0, values, extent)


class AreaOcclusionTest:
    """Hides areas of one study; the random ones once, for all its words and all their maps.

    Args:
        model: Captioner.
        question: Question.
        share, random, seed, progress: as in `area_occlusion`.
        hiding: explain.metrics.masking.Hiding of the question, where there is one.

    Attributes:
        areas: the random areas, indices into the flattened pixels of both views each, in the order of
            `AreaOcclusion.random`.
    """

    def __init__(
        self,
        model: Captioner,
        question: Question,
        share: float = SHARE,
        random: int = RANDOM,
        seed: int = 0,
        progress: Callable[[int, int], object] | None = None,
        hiding: Hiding | None = None,
    ) -> None:
        self.question, self.share = question, share
        self.hiding = hiding or Hiding(model, question)
        numbers = np.random.default_rng(seed)
        size = question.pictures.shape[1]
        middle = np.stack([centre(size)] * 2)
        known = [self.hiding.at_ends[:, :1], self.hiding.probabilities(self._projected([self._area(middle, WHOLE)]))]
        self.areas: list[np.ndarray] = []
        for first in range(0, random, BATCH):
            count = min(BATCH, random - first)
            areas = [self._area(numbers.random((2, *model.grid)), WHOLE) for _ in range(count)]
            known.append(self.hiding.probabilities(self._projected(areas)))  # of one study it is a megabyte
            self.areas += areas
            if progress is not None and progress(first + count, random):
                raise Stopped
        # (W, 2 + random): untouched, the middle, random areas
        self._known = np.concatenate(known, axis=1)
        falls = [standardised(word[0], word[2:], word[2:]) for word in self._known]
        self._rivals = np.max(falls, axis=0)  # (random,)

    def of(self, word: int, values: np.ndarray, extent: Extent = WHOLE) -> AreaOcclusion:
        """The AreaOcclusion of one word of the question by one map."""
        return self._of(word, self._area(values, extent))

    def of_ranked(self, word: int, ranked: np.ndarray) -> AreaOcclusion:
        """The same by an order of the pixels (`explain.metrics.deletion_insertion.order`)."""
        return self._of(word, self._first(ranked))

    def marked(self, values: np.ndarray, extent: Extent = WHOLE) -> np.ndarray:
        """Indices into the flattened pixels of both views: what of them is hidden for a map."""
        return self._area(values, extent)

    def _of(self, word: int, area: np.ndarray) -> AreaOcclusion:
        ((hidden,),) = self.hiding.probabilities(self._projected([area]), [word])
        before, middle, *random = self._known[word]
        tried = len(self._known)
        return AreaOcclusion(
            float(before),
            float(hidden),
            np.array(random),
            self.share,
            float(middle),
            self._rivals if tried > 1 else None,
            tried,
        )

    def _area(self, values: np.ndarray, extent: Extent) -> np.ndarray:
        """Indices into the flattened pixels: the share where the map is strongest."""
        question = self.question
        return self._first(order(values, extent, question.mask, question.pictures.shape[1], self.hiding.grid))

    def _first(self, ranked: np.ndarray) -> np.ndarray:
        most = max(int(round(self.share * len(ranked))), 1)
        return ranked[:most].astype(np.int32)  # a hundred are kept of a study: half the size

    def _projected(self, areas: Sequence[np.ndarray]) -> np.ndarray:
        hidden = np.zeros((len(areas), self.hiding.there.size), bool)
        for row, area in zip(hidden, areas):
            row[area] = True
        return self.hiding.projected(hidden.reshape(-1, *self.hiding.there.shape))


def _log(probability: npt.ArrayLike) -> np.ndarray:
    return np.log(np.maximum(probability, 1e-12))
