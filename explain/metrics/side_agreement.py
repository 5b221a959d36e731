"""Is the map on the side, and in the third, that the collection's index names for the finding?

What the index says is read by `captioner.reports.index_locations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from captioner.reports.findings import ZONES
from explain.heatmap import WHOLE

if TYPE_CHECKING:
    from captioner.reports.index_locations import Place
    from explain.heatmap import Extent

# Where the lungs begin and end on a frontal picture, as shares of its height: it is they that are cut in thirds.
LUNGS = (0.1, 0.78)


def shares(values: np.ndarray, extent: Extent = WHOLE) -> np.ndarray:
    """How a frontal map's mass is spread.

    Args:
        values: `(rows, columns)` of the frontal view; negative values count as 0.
        extent: the part of the picture that they lie over.

    Returns:
        float `(4,)`: the share on the patient's right, which is the picture's left; then, of the mass within the lungs'
        height, the share in its upper, middle and lower third. NaN where there is no mass.
    """
    values = np.maximum(np.asarray(values, float), 0)
    across = _cut(values.shape[1], extent.left, extent.right, (0.0, 0.5, 1.0)) @ values.sum(axis=0)  # (2,)
    down = _cut(values.shape[0], extent.top, extent.bottom, np.linspace(*LUNGS, 4)) @ values.sum(axis=1)  # (3,)
    with np.errstate(invalid="ignore"):
        return np.concatenate([across[:1] / across.sum(), down / down.sum()])


def agrees(spread: np.ndarray, place: Place) -> tuple[bool | None, bool | None]:
    """Whether a map agrees with a place.

    Args:
        spread: float `(4,)` of `shares`.
        place: Place.

    Returns:
        `(side, zone)`: whether most of the mass lies on the named side, and whether the named third holds more than
        either other; None where the place names none. A map without mass agrees with nothing, and half is not most.
    """
    right, thirds = spread[0], spread[1:]
    side = None if place.side is None else bool(right > 0.5 if place.side == "right" else right < 0.5)
    zone = None
    if place.zone is not None:
        own = ZONES.index(place.zone)
        zone = bool(all(thirds[own] > thirds[other] for other in range(3) if other != own))
    return side, zone


def agreement_of_others(
    spreads: npt.ArrayLike, places: Sequence[Place], studies: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray]:
    """How often maps of other studies agree with a word's place: what a map reaches that knows nothing of its picture.

    The maps are dealt out anew, so that they keep their habit of sides and thirds and lose their pictures. The mean
    position of the other studies would not do: leaving a word's own out pushes a balanced mean to the wrong side.

    Args:
        spreads: float `(words, 4)` of `shares`.
        places: Place of each word.
        studies: the study of each.

    Returns:
        `(sides, zones)`, float `(words,)` each: the share of the other studies' maps that agree; NaN where the place
        names none, or no other study has a map with mass.
    """
    mass, names = np.asarray(spreads, float).reshape(-1, 4), np.asarray(studies, dtype=str)
    usable = ~np.isnan(mass).any(axis=1)
    found = np.full((2, len(names)), np.nan)
    for word, (study, place) in enumerate(zip(names, places)):
        others = [agrees(spread, place) for spread in mass[usable & (names != study)]]
        for kind in range(2):
            if others and others[0][kind] is not None:
                found[kind, word] = np.mean([each[kind] for each in others])
    return found[0], found[1]


def _cut(cells: int, start: float, stop: float, limits: Sequence[float] | np.ndarray) -> np.ndarray:
    """float `(parts, cells)`: how much of each cell lies between neighbouring limits, shares of the picture."""
    edges = start + np.arange(cells + 1) / cells * (stop - start)
    inside = [
        np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
        for low, high in zip(limits, limits[1:])
    ]
    return np.array(inside) / np.diff(edges)
