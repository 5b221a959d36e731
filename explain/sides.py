"""Is the map on the side, and in the third, that the collection's index names for the finding?

What the index says is read by `captioner.index_places`.
"""

import numpy as np

from captioner.index_places import ZONES
from explain.heatmap import WHOLE

# Where the lungs begin and end on a frontal picture, as shares of its height: it is they that are cut in thirds.
LUNGS = (0.1, 0.78)


def shares(values, extent=WHOLE):
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


def agrees(spread, place):
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
    zone = place.zone
    if zone is not None:
        own = ZONES.index(zone)
        zone = bool(all(thirds[own] > thirds[other] for other in range(3) if other != own))
    return side, zone


def average_of_others(spreads, studies):
    """What a map of the average position would have: for each word the mean of `shares` over the other studies' words.

    Args:
        spreads: float `(words, 4)`.
        studies: the study of each word.

    Returns:
        float `(words, 4)`; NaN where there is no other study.
    """
    spreads, studies = np.asarray(spreads, float).reshape(-1, 4), np.asarray(studies, dtype=str)
    usable = ~np.isnan(spreads).any(axis=1)
    found = np.full_like(spreads, np.nan)
    for word, study in enumerate(studies):
        others = usable & (studies != study)
        if others.any():
            found[word] = spreads[others].mean(axis=0)
    return found


def _cut(cells, start, stop, limits):
    """float `(parts, cells)`: how much of each cell lies between neighbouring limits, shares of the picture."""
    edges = start + np.arange(cells + 1) / cells * (stop - start)
    inside = [np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
              for low, high in zip(limits, limits[1:])]
    return np.array(inside) / np.diff(edges)
