"""What a decoder is told of each finding, as the numbers that it takes and as what a caller says and reads.

A row for each of `captioner.reports.findings.FINDINGS`: stated, left, right, upper, lower, each 0 or 1. NaN leaves a
number to the finding head (`captioner.models.finding_head.decide`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from captioner.caption import Condition
from captioner.reports.finding_labels import stated_places
from captioner.reports.findings import FINDINGS, PLACES, SIDED, SIDES

COLUMNS = 1 + len(PLACES)
LEFT, RIGHT = ("left", "bilateral"), ("right", "bilateral")


def left_to_the_head() -> np.ndarray:
    """Rows that say nothing: float32 `(13, 5)` of NaN."""
    return np.full((len(FINDINGS), COLUMNS), np.nan, np.float32)


def steered(steer: Mapping[str, bool | str]) -> np.ndarray:
    """The rows of what a caller wants stated.

    Args:
        steer: finding -> True, False, or one of SIDES; the place of True is left to the head, False has none.

    Raises:
        ValueError: no such finding, no such wish, or a side of a finding that has none.

    >>> steered({"effusion": "left"})[1].tolist()
    [1.0, 1.0, 0.0, nan, nan]
    """
    rows = left_to_the_head()
    for name, wanted in steer.items():
        if name not in FINDINGS or not (isinstance(wanted, bool) or wanted in SIDES):
            raise ValueError(f"steer wants one of FINDINGS and True, False or one of {SIDES}, not {name!r}: {wanted!r}")
        if wanted in SIDES and name not in SIDED:
            raise ValueError(f"{name} has no side")
        row = rows[FINDINGS.index(name)]
        row[0] = bool(wanted)
        if wanted is False:
            row[1:] = 0.0
        elif wanted is not True:
            row[1:3] = wanted in LEFT, wanted in RIGHT
    return rows


def steered_again(conditions: Iterable[Condition]) -> np.ndarray:
    """The rows that tell again what the decoder of a caption was steered to, of the caption's conditions."""
    rows = left_to_the_head()
    for each in conditions:
        if each.steered:
            zones = (each.zone == zone for zone in ("upper", "lower"))
            rows[FINDINGS.index(each.finding)] = [each.stated, each.side in LEFT, each.side in RIGHT, *zones]
    return rows


def stated_in(text: str) -> np.ndarray:
    """The rows that tell a decoder, beside what the head found, what a cleaned text states and on which side."""
    rows = left_to_the_head()
    for number, places in stated_places(text).items():
        rows[number, 0] = 1.0
        if FINDINGS[number] in SIDED and places & {"left", "right"}:
            rows[number, 1:3] = "left" in places, "right" in places
    return rows


def described(told: npt.ArrayLike, given: npt.ArrayLike | None) -> tuple[Condition, ...]:
    """What the decoder was told, for a reader.

    Args:
        told: numbers of all findings, `(65,)`; empty for a decoder that is told nothing.
        given: what the caller gave of them, NaN where it was left to the head; None for nothing.
    """
    conditions = []
    rows = np.reshape(told, (-1, COLUMNS))
    for number, (stated, left, right, upper, lower) in enumerate(rows > 0.5):
        side = "bilateral" if left and right else "left" if left else "right" if right else None
        zone = "upper" if upper else "lower" if lower else None
        asked = given is not None and not np.isnan(np.reshape(given, rows.shape)[number]).all()
        conditions.append(Condition(FINDINGS[number], bool(stated), side, zone, bool(asked)))
    return tuple(conditions)
