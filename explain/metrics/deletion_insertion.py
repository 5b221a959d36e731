"""Is a map true to the model? What it calls important is taken away, or given first, and the word watched.

Source: Petsiuk, Das and Saenko, "RISE: Randomized input sampling for explanation of black-box models" (2018),
arXiv 1806.07421, section 4.2: deletion and insertion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explain.heatmap import WHOLE, spread
from explain.methods.base import Stopped
from explain.methods.question import ask
from explain.metrics.masking import Hiding

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.preprocessing import Prepared
    from captioner.images.study import Study
    from explain.heatmap import Extent

CENTRE = 1 / 6  # standard deviation of the centred Gaussian, as a share of the picture's side


@dataclass(frozen=True, eq=False)
class Curves:
    """A word's probability while the picture goes, and while it comes. S steps.

    Attributes:
        shares: float `(S + 1,)` from 0 to 1, of the pixels of all views there are.
        deletion: float `(S + 1,)`, after the most important share is replaced with the empty picture: a true map falls
            fast.
        insertion: float `(S + 1,)`, when only that share is shown on the empty picture: a true map rises fast.
    """

    shares: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve, 0..1; smaller is better."""
        return float(np.trapezoid(self.deletion, self.shares))

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve, 0..1; larger is better."""
        return float(np.trapezoid(self.insertion, self.shares))


@dataclass(frozen=True, eq=False)
class Comparison:
    """A map's curves beside those of orders that know nothing of the model.

    Attributes:
        method: Curves of the map.
        random: Curves of random orders of the grid's cells.
        centre: Curves of a Gaussian in the middle of each view.
    """

    method: Curves
    random: tuple[Curves, ...]
    centre: Curves

    @property
    def deletion_p(self) -> float:
        """How likely a random order is to do as well: (1 + those with a deletion area as small) / (1 + all)."""
        as_good = sum(other.deletion_area <= self.method.deletion_area for other in self.random)
        return (1 + as_good) / (1 + len(self.random))

    @property
    def insertion_p(self) -> float:
        """The same for the insertion area."""
        as_good = sum(other.insertion_area >= self.method.insertion_area for other in self.random)
        return (1 + as_good) / (1 + len(self.random))


def curves(
    model: Captioner,
    study: Study | Prepared,
    tokens: npt.ArrayLike | Caption,
    position: int,
    values: np.ndarray,
    extent: Extent = WHOLE,
    steps: int = 16,
    kind: str = "blurred",
) -> Curves:
    """Deletion and insertion of one word by one map.

    Args:
        model, study, tokens: as in `explain.methods.base.Method.explain`.
        position: the word's place.
        values: `(2, rows, columns)`, its map; of any sign, on a grid or in pixels.
        extent: the part of the pictures that the map lies over; the rest counts as least important.
        steps: equal shares of the pixels. Each but the last costs two runs of the whole network.
        kind: what counts as a picture without content, see `explain.methods.empty_picture`.

    Returns:
        Curves.
    """
    hiding = Hiding(model, ask(model, study, tokens, [position]), kind)
    return of_words(hiding, order(values, extent, hiding.question.mask, hiding.there.shape[1], model.grid), steps)[0]


def of_words(hiding: Hiding, ranked: np.ndarray, steps: int = 16, words: Sequence[int] | None = None) -> list[Curves]:
    """The Curves of several words of a study by one order of its pixels.

    Args:
        hiding: explain.metrics.masking.Hiding.
        ranked: pixels, most important first, see `order`.
        steps: as in `curves`.
        words: numbers of words of the question; all of them when None.

    Returns:
        list of Curves.
    """
    counts = np.round(np.linspace(0, len(ranked), steps + 1)).astype(int)
    hidden = _ranks(hiding, ranked) < counts[1:-1, None, None, None]  # (steps - 1, 2, size, size)
    ends = hiding.at_ends if words is None else hiding.at_ends[list(words)]  # (words, 2)
    deletion, insertion = (hiding.probabilities(hiding.projected(each), words) for each in (hidden, ~hidden))
    return [
        Curves(counts / len(ranked), np.r_[before, falling, empty], np.r_[empty, rising, before])
        for (before, empty), falling, rising in zip(ends, deletion, insertion, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class Uninformed:
    """Curves that know nothing of the model, for all words of a question; every map of the study is held against them.

    Attributes:
        random: for each word its Curves by the random orders.
        centre: for each word its Curves by a Gaussian in the middle of each view.
    """

    random: list[tuple[Curves, ...]]
    centre: list[Curves]


def uninformed(
    hiding: Hiding,
    steps: int = 16,
    random: int = 19,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Uninformed:
    """The Uninformed curves of a study.

    An order read backwards is as random as it was forwards, and what it has shown after k steps is what the order
    itself still has after all but k. So one run of the network serves the deletion by an order and the insertion by
    its reverse: `random` orders each, half the work.

    Args:
        hiding: explain.metrics.masking.Hiding of the words.
        steps: as in `curves`.
        random: random orders; 19 are the fewest that can give a p value of 0.05.
        seed: of them.
        progress: as in `explain.methods.base.Method.explain`, counted in orders.

    Raises:
        Stopped: `progress` returned True.
    """
    numbers, size, grid = np.random.default_rng(seed), hiding.there.shape[1], hiding.grid
    mask, by_order = hiding.question.mask, []
    for number in range(random):
        ranked = order(numbers.random((2, *grid)), WHOLE, mask, size, grid)
        counts = np.round(np.linspace(0, len(ranked), steps + 1)).astype(int)
        hidden = _ranks(hiding, ranked) < counts[1:-1, None, None, None]  # (steps - 1, 2, size, size)
        found = hiding.probabilities(hiding.projected(hidden))  # (W, steps - 1)
        shares, shown = counts / len(ranked), 1 - counts[::-1] / len(ranked)
        by_order.append(
            [
                Curves(shares, np.r_[before, going, empty], np.interp(shares, shown, np.r_[empty, going[::-1], before]))
                for (before, empty), going in zip(hiding.at_ends, found)
            ]
        )
        if progress is not None and progress(number + 1, random):
            raise Stopped
    middle = order(np.stack([centre(size)] * 2), WHOLE, mask, size, grid)
    return Uninformed(list(zip(*by_order)), of_words(hiding, middle, steps))


def compare(
    model: Captioner,
    study: Study | Prepared,
    tokens: npt.ArrayLike | Caption,
    position: int,
    values: np.ndarray,
    extent: Extent = WHOLE,
    steps: int = 16,
    kind: str = "blurred",
    random: int = 19,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
    against: tuple[Uninformed, int] | None = None,
) -> Comparison:
    """The curves of a map, of `random` random orders and of a centred Gaussian.

    Args:
        model, study, tokens, position, values, extent, steps, kind: as in `curves`.
        random, seed, progress: as in `uninformed`.
        against: `(Uninformed of the study, the word's number in its question)` where they are known already.

    Returns:
        Comparison.

    Raises:
        Stopped: `progress` returned True.
    """
    hiding = Hiding(model, ask(model, study, tokens, [position]), kind)
    others, word = against or (uninformed(hiding, steps, random, seed, progress), 0)
    ranked = order(values, extent, hiding.question.mask, hiding.there.shape[1], hiding.grid)
    return Comparison(of_words(hiding, ranked, steps)[0], others.random[word], others.centre[word])


def centre(size: int) -> np.ndarray:
    """A Gaussian in the middle of a square: float `(size, size)`."""
    away = (np.arange(size) + 0.5) / size - 0.5
    line = np.exp(-((away / CENTRE) ** 2) / 2)
    return np.outer(line, line)


def order(values: np.ndarray, extent: Extent, mask: np.ndarray, size: int, grid: tuple[int, int]) -> np.ndarray:
    """The pixels of the views there are, most important first.

    Equal values, such as the zeros of a rectified map, come in a random order of the grid's cells: pixel by pixel
    they would turn the picture to noise, row by row they would favour its top.

    Args:
        values: `(2, rows, columns)`; a grid's cells are taken flat, so that they go as a whole.
        extent: Extent of `values`.
        mask: bool `(2,)`.
        size: pixels along the square's sides.
        grid: rows and columns of the cells that equal values go by.

    Returns:
        int, indices into the flattened `(2, size, size)`.
    """
    values = np.asarray(values, np.float32)
    outside = spread(np.ones(values.shape[1:]), (size, size), extent, smooth=False) == 0
    pixels = np.stack([spread(view, (size, size), extent, smooth=False) for view in values])  # (2, size, size)
    pixels[:, outside] = values.min() - 1
    numbers = np.random.default_rng((0, 1))  # not those of a random order
    ties = np.stack([spread(view, (size, size), smooth=False) for view in numbers.random((2, *grid))])
    ranked = np.lexsort((ties.reshape(-1), -pixels.reshape(-1)))  # stable
    there = np.repeat(mask, size * size)
    return ranked[there[ranked]]


def _ranks(hiding: Hiding, ranked: np.ndarray) -> np.ndarray:
    """The place of each pixel in an order: int `(2, size, size)`; what is not in it comes last."""
    place = np.full(hiding.there.shape, len(ranked), int)
    place.reshape(-1)[ranked] = np.arange(len(ranked))
    return place
