"""How long work of a kind takes, so that a visitor is told the wait before it begins.

What was measured on this machine counts; until then, what it took on two cores with the default checkpoint
(docs/performance.md).
"""

from __future__ import annotations

import statistics
import threading
from collections import defaultdict, deque
from collections.abc import Mapping

from captioner.language import text

# Seconds: the map of a word, its trial, a method on random weights.
AT_FIRST = {"maps": 3.0, "evidence": 5.0, "random": 10.0}
REMEMBERED = 9  # durations of a kind and method, whose median is told
AT_ONCE = 0.4  # seconds: what is quicker was known already, or is not worth a word


class Waits:
    """What work of each kind and method took lately.

    Args:
        at_first: kind -> seconds, until something was measured.
    """

    def __init__(self, at_first: Mapping[str, float] = AT_FIRST) -> None:
        self._at_first = dict(at_first)
        self._took: defaultdict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._lock = threading.Lock()

    def took(self, kind: str, method: str, seconds: float) -> None:
        """Remember what a piece of work took. Answers that were known already say nothing of the next."""
        if seconds > AT_ONCE and kind in self._at_first:
            with self._lock:
                self._took[kind, method].append(seconds)

    def expected(self, kind: str, method: str) -> float | None:
        """Seconds to expect: the median of what was measured; None of a kind that nobody is told of."""
        with self._lock:
            took = self._took.get((kind, method))
            return statistics.median(took) if took else self._at_first.get(kind)

    def said(self, method: str) -> dict[str, str]:
        """kind -> the wait in words, for everything that can be asked of a method."""
        return {kind: in_words(self.expected(kind, method) or 0.0) for kind in self._at_first}


def in_words(seconds: float) -> str:
    """A wait as it is told, no more precise than it is.

    >>> [in_words(seconds) for seconds in (0.4, 4.2, 17)]
    ['about a second', 'about 4 seconds', 'about 15 seconds']
    >>> [in_words(seconds) for seconds in (58, 89, 150)]
    ['about a minute', 'about a minute', 'about 2 minutes']
    """
    if seconds < 1.5:
        return text("about a second")
    if seconds < 10:
        return text("about {seconds} seconds", seconds=round(seconds))
    if seconds < 57.5:
        return text("about {seconds} seconds", seconds=5 * round(seconds / 5))
    if seconds < 90:
        return text("about a minute")
    return text("about {minutes} minutes", minutes=round(seconds / 60))
