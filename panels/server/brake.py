"""A brake on what may be done only so often: wrong codes from one address, answers of one visitor."""

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 1000  # keys, the last: what a flood of them costs is bounded


class Brake:
    """At most `most` times within `within` seconds for each key. Whoever shares one among threads holds a lock.

    Args:
        most: times.
        within: seconds, from the first of them on.
        clock: seconds that never go back.
    """

    def __init__(self, most: int, within: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.within, self._clock = most, within, clock
        self._counted: OrderedDict[str, tuple[int, float]] = OrderedDict()  # key -> (how often, since when)

    def wait(self, key: str) -> float:
        """Seconds until the key may go on; 0 where it may now. Nothing is counted."""
        count, since = self._counted.get(key, (0, 0.0))
        return max(0.0, self.within - (self._clock() - since)) if count >= self.most else 0.0

    def count(self, key: str) -> None:
        """Count one more for the key."""
        now = self._clock()
        count, since = self._counted.pop(key, (0, now))
        if now - since >= self.within:
            count, since = 0, now
        self._counted[key] = count + 1, since
        while len(self._counted) > REMEMBERED:
            self._counted.popitem(last=False)

    def forget(self) -> None:
        """Forget the keys whose time is over."""
        now = self._clock()
        for key in [key for key, (_, since) in self._counted.items() if now - since >= self.within]:
            del self._counted[key]
