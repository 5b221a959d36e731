"""Is the map on the side, and in the third, that the collection's index names for the finding?

The `MeSH` column holds a heading and where it lies, such as `Opacity/lung/upper lobe/right/streaky`. It is read here
for judging only: what a model is taught about places comes from the wording of the impressions (`captioner.places`).
"""

from dataclasses import dataclass

import numpy as np

from captioner.findings import mentions
from explain.heatmap import WHOLE

# Heading -> the finding of `captioner.findings` whose words name it. Headings whose side is not a place in the picture
# (a scoliosis to the right) are left out.
HEADINGS = {
    "Opacity": "airspace opacity", "Infiltrate": "airspace opacity", "Airspace Disease": "airspace opacity",
    "Consolidation": "airspace opacity", "Pneumonia": "airspace opacity", "Density": "airspace opacity",
    "Pulmonary Atelectasis": "atelectasis", "Volume Loss": "atelectasis",
    "Pleural Effusion": "effusion", "Pneumothorax": "pneumothorax", "Hydropneumothorax": "pneumothorax",
    "Nodule": "nodule or mass", "Mass": "nodule or mass",
    "Calcified Granuloma": "granuloma or calcification", "Granuloma": "granuloma or calcification",
    "Calcinosis": "granuloma or calcification",
    "Cicatrix": "scarring or interstitial change", "Thickening": "scarring or interstitial change",
    "Pulmonary Fibrosis": "scarring or interstitial change", "Bronchiectasis": "scarring or interstitial change",
    "Pulmonary Emphysema": "emphysema or COPD", "Emphysema": "emphysema or COPD",
    "Bullous Emphysema": "emphysema or COPD",
    "Fractures, Bone": "bone", "Deformity": "bone",
    "Catheters, Indwelling": "device", "Implanted Medical Device": "device", "Medical Device": "device",
    "Surgical Instruments": "device", "Foreign Bodies": "device",
}
SIDES = ("left", "right")
ZONES = ("upper", "middle", "lower")
ZONE_OF = {
    "upper lobe": "upper", "apex": "upper",
    "middle lobe": "middle", "hilum": "middle", "lingula": "middle",
    "lower lobe": "lower", "base": "lower", "costophrenic angle": "lower",
}
# Where the lungs begin and end on a frontal picture, as shares of its height: it is they that are cut in thirds.
LUNGS = (0.1, 0.78)


@dataclass(frozen=True)
class Place:
    """Where a finding lies.

    Attributes:
        side: "left" or "right", the patient's; None where the index names none, both, or several.
        zone: "upper", "middle" or "lower" third of the lungs' height; None likewise.
    """

    side: str | None
    zone: str | None


@dataclass(frozen=True)
class PlacedWord:
    """A word of a caption whose finding has a place.

    Attributes:
        position: of the word, counted from 0.
        finding: one of `captioner.findings.FINDINGS`.
        place: Place.
    """

    position: int
    finding: str
    place: Place


def places(mesh):
    """Where the index says that findings lie.

    All terms of a finding must agree: a left opacity beside one without a side leaves open which of them a word means.

    Args:
        mesh: terms such as `("Opacity/lung/base/left", "Cardiomegaly")`.

    Returns:
        dict finding -> Place; findings without any place are not in it.
    """
    named = {}
    for term in mesh:
        heading, *qualifiers = (part.strip() for part in term.split("/"))
        if heading in HEADINGS:
            sides = {word for word in qualifiers if word in (*SIDES, "bilateral")}
            zones = {ZONE_OF[word] for word in qualifiers if word in ZONE_OF}
            named.setdefault(HEADINGS[heading], []).append((sides, zones))
    found = {}
    for finding, terms in named.items():
        side, zone = (_only([term[part] for term in terms]) for part in (0, 1))
        side = side if side in SIDES else None
        if side or zone:
            found[finding] = Place(side, zone)
    return found


def placed_words(caption, mesh):
    """The words of a cleaned caption that state a finding whose place the index gives, as a list of PlacedWord."""
    where = places(mesh)
    found = {}
    for mention in mentions(caption):
        if mention.finding in where:
            for position in range(mention.start, mention.end):
                found.setdefault(position, PlacedWord(position, mention.finding, where[mention.finding]))
    return [found[position] for position in sorted(found)]


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


def _only(sets):
    """The one word that every set holds alone; None when there is no such word."""
    union = set().union(*sets)
    return union.pop() if len(union) == 1 and all(sets) else None


def _cut(cells, start, stop, limits):
    """float `(parts, cells)`: how much of each cell lies between neighbouring limits, shares of the picture."""
    edges = start + np.arange(cells + 1) / cells * (stop - start)
    inside = [np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None)
              for low, high in zip(limits, limits[1:])]
    return np.array(inside) / np.diff(edges)
