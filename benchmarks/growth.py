"""How the search's time grows with the words it writes and with the width of its beam."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from benchmarks.timing import Row

if TYPE_CHECKING:
    from captioner.captioner import Captioner
    from captioner.images.study import Study
    from captioner.vocabulary import Vocabulary

WORDS, WIDTHS = (5, 10, 20, 30, 40), (1, 2, 3, 5, 7, 10)


class Endless:
    """A vocabulary whose end no search may choose, so that each takes all its steps."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vocabulary, name)

    def __len__(self) -> int:
        return len(self._vocabulary)

    @property
    def forbidden_ids(self) -> list[int]:
        return [*self._vocabulary.forbidden_ids, self._vocabulary.end]


def measure(model: Captioner, study: Study, rounds: int) -> tuple[dict[int, float], dict[int, float]]:
    """Median seconds of searches on kept features.

    Returns:
        `(words, widths)`: dict number of words -> seconds at width 1, dict width -> seconds for 20 words.
    """
    from captioner.decoding.search import Decoder

    features, decoder = model.encode(study), Decoder(model.network, cast("Vocabulary", Endless(model.vocabulary)))
    points = [(1, words) for words in WORDS] + [(width, 20) for width in WIDTHS]
    times: dict[tuple[int, int], list[float]] = {point: [] for point in points}
    for turn in range(rounds + 1):
        for width, words in times:
            begin = time.perf_counter()
            trace = decoder.trace(features.image_features, features.mask, width, words)
            if turn:
                times[width, words].append(time.perf_counter() - begin)
            assert len(trace.tokens) == words
    medians = {point: statistics.median(seconds) for point, seconds in times.items()}
    return {words: medians[1, words] for words in WORDS}, {width: medians[width, 20] for width in WIDTHS}


def rows(words: Mapping[int, float], widths: Mapping[int, float]) -> list[Row]:
    """The Rows of `measure`'s answer: the straight line through the words' times, and the widest beam beside greedy."""
    slope, start, fit = line(words)
    widest = max(widths)
    return [
        Row(
            f"Each further word, greedy ({min(words)} to {max(words)} words)",
            f"{1e3 * slope:.2f} ms (+ {1e3 * start:.1f} ms)",
        ),
        Row("The straight line leaves of the variance", f"{100 * (1 - fit):.1f}%", 1 - fit, 0.02),
        Row(
            f"Beam of width {widest} beside width 1, 20 words",
            f"{1e3 * widths[widest]:.1f} ms",
            widths[widest] / widths[1],
            widest,
            "width 1",
        ),
    ]


def line(times: Mapping[int, float]) -> tuple[float, float, float]:
    """`(slope, start, share of the variance explained)` of the straight line through a dict number -> seconds."""
    x, y = np.array(list(times), float), np.array(list(times.values()))
    slope, start = np.polyfit(x, y, 1)
    spread = ((y - y.mean()) ** 2).sum()
    return float(slope), float(start), float(1 - ((y - slope * x - start) ** 2).sum() / spread) if spread else 1.0


def draw(words: Mapping[int, float], widths: Mapping[int, float], path: Path) -> None:
    """Write the two curves as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    slope, start, _ = line(words)
    left.plot(list(words), [1e3 * seconds for seconds in words.values()], "o", color="#1d4f7a")
    left.plot(list(words), [1e3 * (slope * number + start) for number in words], color="#1d4f7a", label="straight line")
    left.set(xlabel="words", ylabel="search, ms", ylim=(0, None), title="Greedy search")
    left.legend(frameon=False)
    right.plot(list(widths), [1e3 * seconds for seconds in widths.values()], "o-", color="#1d4f7a", label="measured")
    right.plot(
        list(widths), [1e3 * widths[1] * width for width in widths], "--", color="#999999", label="linear in the width"
    )
    right.set(xlabel="beam width", ylim=(0, None), title="Beam search, 20 words")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
