"""Times taken in turns, so that whatever else the machine does hits all of them alike."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from captioner.evaluation.markdown_tables import grid


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured.
        value: the measurement with its unit, as it is printed.
        ratio: beside what it is compared with; None where there is nothing to compare.
        target: the most that `ratio` may be; None where nothing was promised.
        beside: what it is compared with, in words.
    """

    what: str
    value: str
    ratio: float | None = None
    target: float | None = None
    beside: str = ""

    @property
    def kept(self) -> bool | None:
        """Whether the target is kept; None where there is none."""
        return None if self.target is None or self.ratio is None else self.ratio <= self.target


def in_turns(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Time several calls, one after the other, round after round.

    Args:
        ways: dict name -> function without arguments. Each runs twice before, so that its graphs are built.
        rounds: how many times each is timed.

    Returns:
        dict name -> median seconds.
    """
    for way in ways.values():
        way()
        way()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def milliseconds(seconds: float) -> str:
    """Seconds as text."""
    return f"{1e3 * seconds:.1f} ms"


def resident(process: int) -> int | None:
    """Resident bytes of a process by its number; None where the system does not tell (no /proc)."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def markdown(rows: Sequence[Row]) -> list[str]:
    """The rows as the lines of a Markdown table."""
    cells = []
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}{' x ' + row.beside if row.beside else ''}"
        target = "" if row.target is None else f"<= {row.target:g}"
        kept = {None: "", True: "kept", False: "missed"}[row.kept]
        cells.append([row.what, row.value, ratio, target, kept])
    return grid(["what", "median", "ratio", "target", ""], cells)
