"""Where somebody marked a finding, before the finding's mask: inside or not, and how far from its centre.

The pointing game (see `explain.metrics.localisation`) for a single point, whoever set it: a reader, or a map by its
strongest place. Distances are shares of the picture's longer side: a picture of no known scale has no millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np

SPECK = 0.02  # of a mask: a part that is smaller is a spill of its edge, and has no centre to be marked

Point = tuple[float, float]
"""`(across, down)`, shares 0..1 of a picture from its upper left corner."""


@dataclass(frozen=True)
class MarkedPlace:
    """A point before a mask.

    Attributes:
        inside: whether the mask is set at the point.
        distance: to the nearest centre of the mask, as a share of the picture's longer side.
        chance: how likely a point set anywhere in the picture at random is inside: the mask's share of the picture.
    """

    inside: bool
    distance: float
    chance: float


def centres(mask: np.ndarray) -> list[Point]:
    """The centre of mass of each connected part of a mask, the largest part first.

    A finding of both lungs has two centres, and not one between them, where nothing is.

    Args:
        mask: bool `(rows, columns)`.
    """
    rows, columns = mask.shape
    count, _, parts, middles = cv2.connectedComponentsWithStats(np.asarray(mask, np.uint8), connectivity=8)
    areas = parts[1:, cv2.CC_STAT_AREA]  # part 0 is what is not set
    order = [int(part) for part in np.argsort(-areas, kind="stable") if areas[part] >= SPECK * areas.sum()]
    return [((middles[part + 1][0] + 0.5) / columns, (middles[part + 1][1] + 0.5) / rows) for part in order]


def inside(point: Point, mask: np.ndarray) -> bool:
    """Whether a mask, bool `(rows, columns)`, is set at a point."""
    (rows, columns), (across, down) = mask.shape, point
    return bool(mask[min(int(down * rows), rows - 1), min(int(across * columns), columns - 1)])


def marked_place(point: Point, mask: np.ndarray, targets: Sequence[Point] | None = None) -> MarkedPlace | None:
    """A point before a mask; None for an empty mask.

    Args:
        point: `(across, down)`, shares of the picture.
        mask: bool `(rows, columns)`.
        targets: the points from which the distance counts; the mask's own `centres` when None.
    """
    mask = np.asarray(mask, bool)
    if not mask.any():
        return None
    rows, columns = mask.shape
    across, down = point
    distances = [
        hypot((across - there[0]) * columns, (down - there[1]) * rows) / max(rows, columns)
        for there in (centres(mask) if targets is None else targets)
    ]
    return MarkedPlace(inside(point, mask), min(distances), float(mask.mean()))
