"""What a study teaches of the 13 findings: which are there, on which side, at which height, and which is not known.

Learned from what an impression states and the index (the Indiana collection), from the labels and boxes of NIH
ChestX-ray14, and from phantoms. What a collection does not say is unknown and not absent: -1.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from captioner.reports.claims import Claim, claims
from captioner.reports.findings import FINDINGS, PLACES, SIDED, ZONED, mentions
from captioner.reports.index_locations import HEADINGS, ZONE_OF
from captioner.reports.locations import LEFT, LOWER, LOWER_WORDS, RIGHT, UPPER, UPPER_WORDS, WHOLE, box
from captioner.reports.nih import LabelledPicture

UNKNOWN = -1.0
INDEXED_ONLY = 0.3  # of a finding that the index names and the impression does not state: seen, and not worth a word
# Headings of the index that name a finding and no place for it.
PRESENT = {
    **HEADINGS,
    "Cardiomegaly": "cardiomegaly",
    "Pulmonary Edema": "edema or congestion",
    "Pulmonary Congestion": "edema or congestion",
    "Heart Failure": "edema or congestion",
    "Hernia, Hiatal": "hernia",
    "Pulmonary Disease, Chronic Obstructive": "emphysema or COPD",
    "Granulomatous Disease": "granuloma or calcification",
    "Scoliosis": "bone",
    "Kyphosis": "bone",
    "Osteophyte": "bone",
    "Spondylosis": "bone",
    "Arthritis": "bone",
    "Bone Diseases, Metabolic": "bone",
    "Spinal Fusion": "device",
    "Stents": "device",
    "Tube, Inserted": "device",
}


@dataclass(frozen=True)
class FindingLabels:
    """What is known of one study.

    Attributes:
        presence: float32 `(13,)`, 0 to 1, or UNKNOWN.
        places: float32 `(13, 4)`, left, right, upper, lower as of `captioner.reports.findings.PLACES`, or UNKNOWN.
        regions: number of a finding -> bool `(2, rows, columns)`, where it lies on both views.
        exact: whether the regions are outlines or boxes, and not halves and thirds of the picture.
    """

    presence: np.ndarray
    places: np.ndarray
    regions: dict[int, np.ndarray] = field(default_factory=dict)
    exact: bool = False


def stated_places(text: str) -> dict[int, set[str]]:
    """Which findings a cleaned caption states, and where it says that they lie.

    Sides are those of `captioner.reports.claims`. A word of height belongs to the findings of its own sentence; where a
    sentence states several, to the nearest one.

    Returns:
        dict number of the finding -> set of words of PLACES, empty where the caption names none.

    >>> stated_places("small left effusion and right base opacity .") == {1: {"left"}, 3: {"right", "lower"}}
    True
    """
    stated = [claim for claim in claims(text) if not claim.denied]
    where: dict[int, set[str]] = {FINDINGS.index(mention.finding): set() for mention in mentions(text)}
    for claim in stated:
        sides = {"left", "right"} if claim.side == "bilateral" else {claim.side} if claim.side else set()
        where.setdefault(FINDINGS.index(claim.finding), set()).update(sides)
    tokens, start = text.split(), 0
    for stop in [position for position, token in enumerate(tokens) if token == "."] + [len(tokens)]:
        here = [claim for claim in stated if start <= claim.start < stop]
        for position in range(start, stop) if here else ():
            height = (
                "upper" if tokens[position] in UPPER_WORDS else "lower" if tokens[position] in LOWER_WORDS else None
            )
            if height:
                nearest = min(_distance(claim, position) for claim in here)
                for claim in here:
                    if _distance(claim, position) == nearest:
                        where[FINDINGS.index(claim.finding)].add(height)
        start = stop + 1
    return where


def conditions_of(text: str) -> np.ndarray:
    """What a decoder would have to be told to write a cleaned caption, float32 `(13 * 5,)`.

    Stated, left, right, upper and lower of each finding, as `captioner.models.finding_head.decide` tells it.
    """
    told = np.zeros((len(FINDINGS), 1 + len(PLACES)), np.float32)
    for number, words in stated_places(text).items():
        told[number] = [1.0, *(float(place in words) for place in PLACES)]
        if FINDINGS[number] not in SIDED:
            told[number, 1:3] = 0.0
        if FINDINGS[number] not in ZONED:
            told[number, 3:] = 0.0
    return told.reshape(-1)


def _distance(claim: Claim, position: int) -> float:
    """Words between a claim and a word of its sentence; a word of place rather belongs to what follows it."""
    return claim.start - position if position < claim.start else position - claim.end + 1.5


def labels_of_report(impression: str, mesh: Iterable[str]) -> FindingLabels:
    """FindingLabels of a study of the Indiana collection.

    Args:
        impression: cleaned.
        mesh: the index's terms, such as `("Opacity/lung/base/left",)`.

    Returns:
        FindingLabels, its regions as coarse as the words: halves of the frontal picture, and thirds of the height.
    """
    stated = stated_places(impression)
    presence = np.zeros(len(FINDINGS), np.float32)
    places = np.full((len(FINDINGS), len(PLACES)), UNKNOWN, np.float32)
    indexed: dict[int, list[set[str]]] = {}
    for term in mesh:
        heading, *qualifiers = (part.strip() for part in term.split("/"))
        name = "emphysema or COPD" if heading == "Lung" and "hyperdistention" in qualifiers else PRESENT.get(heading)
        if name:
            indexed.setdefault(FINDINGS.index(name), []).append(_qualified(qualifiers))
    known = {}
    for number, terms in indexed.items():
        presence[number] = INDEXED_ONLY
        # All terms must name a place: a left opacity beside one without a side leaves open which of them is meant.
        for first, kind in ((0, {"left", "right"}), (2, {"upper", "lower"})):
            if all(term & kind for term in terms):
                known[number, first] = set().union(*terms) & kind
    for number, words in stated.items():
        presence[number] = 1.0
        for first, kind in ((0, {"left", "right"}), (2, {"upper", "lower"})):
            if words & kind:
                known[number, first] = words & kind
    for number, first in [(number, first) for number, first in known if first == 0 and FINDINGS[number] not in SIDED]:
        del known[number, first]
    for (number, first), words in known.items():
        places[number, first : first + 2] = [float(place in words) for place in PLACES[first : first + 2]]
    regions = {
        number: region
        for number in {number for number, _ in known}
        if (region := region_of(places[number])) is not None
    }
    return FindingLabels(presence, places, regions)


def region_of(places: np.ndarray) -> np.ndarray | None:
    """The half or third of the pictures that `places (4,)` describe, bool `(2, 16, 16)`; None when all of it."""
    left, right, upper, lower = places == 1.0
    if (left == right) and (upper == lower):
        return None
    height = UPPER if upper and not lower else LOWER if lower and not upper else WHOLE
    width = LEFT if left and not right else RIGHT if right and not left else WHOLE
    return box(height, width)


def _qualified(qualifiers: Iterable[str]) -> set[str]:
    """The words of PLACES in a term's qualifiers."""
    places = {word for word in qualifiers if word in ("left", "right")}
    places |= {"left", "right"} if "bilateral" in qualifiers else set()
    zones = {ZONE_OF[word] for word in qualifiers if word in ZONE_OF} & {"upper", "lower"}
    return places | zones


# What NIH's labels mean among our findings; what is not here (granulomas, bones) it does not label. Scars are more than
# pleural thickening and fibrosis, so that their absence is not known.
NIH_LABELS = {
    "atelectasis": "atelectasis",
    "cardiomegaly": "cardiomegaly",
    "effusion": "effusion",
    "pneumothorax": "pneumothorax",
    "infiltration": "airspace opacity",
    "consolidation": "airspace opacity",
    "pneumonia": "airspace opacity",
    "mass": "nodule or mass",
    "nodule": "nodule or mass",
    "edema": "edema or congestion",
    "emphysema": "emphysema or COPD",
    "fibrosis": "scarring or interstitial change",
    "pleural thickening": "scarring or interstitial change",
    "hernia": "hernia",
}
NIH_COVERS = tuple(sorted(set(NIH_LABELS.values()) - {"scarring or interstitial change"}))
OTHER_SIDE = 0.15  # of a box's other side: one box often leaves another unboxed
BOX_GRID = 128


def labels_of_picture(picture: LabelledPicture) -> FindingLabels:
    """FindingLabels of a `captioner.reports.nih.LabelledPicture`; its boxes are exact regions of the frontal view."""
    presence = np.full(len(FINDINGS), UNKNOWN, np.float32)
    places = np.full((len(FINDINGS), len(PLACES)), UNKNOWN, np.float32)
    regions: dict[int, np.ndarray] = {}
    if picture.labels:
        presence[[FINDINGS.index(name) for name in NIH_COVERS]] = 0.0
        for name in picture.labels & NIH_LABELS.keys():
            presence[FINDINGS.index(NIH_LABELS[name])] = 1.0
    if picture.device is not None:
        presence[FINDINGS.index("device")] = float(picture.device)
    for bounds in picture.boxes:
        number = FINDINGS.index(NIH_LABELS[bounds.label])
        presence[number] = 1.0
        region = regions.setdefault(number, np.zeros((2, BOX_GRID, BOX_GRID), bool))
        left, top, right, bottom = (
            int(round(edge * BOX_GRID)) for edge in (bounds.left, bounds.top, bounds.right, bounds.bottom)
        )
        region[0, top : max(bottom, top + 1), left : max(right, left + 1)] = True
        if FINDINGS[number] in SIDED:
            middle = (bounds.left + bounds.right) / 2
            if abs(middle - 0.5) > 0.06:
                seen = np.array([OTHER_SIDE, 1.0] if middle < 0.5 else [1.0, OTHER_SIDE], np.float32)
                places[number, :2] = np.maximum(places[number, :2], seen)
    return FindingLabels(presence, places, regions, exact=True)


# The kinds of findings that a phantom can have.
PHANTOM_KINDS = {
    "cardiomegaly": "cardiomegaly",
    "effusion": "effusion",
    "nodule": "nodule or mass",
    "mass": "nodule or mass",
    "opacity": "airspace opacity",
    "atelectasis": "atelectasis",
    "pneumothorax": "pneumothorax",
    "hyperinflation": "emphysema or COPD",
    "granuloma": "granuloma or calcification",
    "hernia": "hernia",
    "edema": "edema or congestion",
    "scarring": "scarring or interstitial change",
    "pacemaker": "device",
    "port": "device",
}


def labels_of_phantom(
    planted: Iterable[tuple[str, str | None, str | None, np.ndarray]], impression: str
) -> FindingLabels:
    """FindingLabels of a phantom.

    Args:
        planted: list of `(kind, side, zone, masks bool (2, rows, columns))`.
        impression: its text, which names what a kind alone does not (the calcium of an aorta).
    """
    presence = np.zeros(len(FINDINGS), np.float32)
    presence[list(stated_places(impression))] = 1.0
    places = np.full((len(FINDINGS), len(PLACES)), UNKNOWN, np.float32)
    regions: dict[int, np.ndarray] = {}
    for kind, side, zone, masks in planted:
        if kind not in PHANTOM_KINDS:
            continue
        number = FINDINGS.index(PHANTOM_KINDS[kind])
        if masks.any():
            regions[number] = regions[number] | masks if number in regions else masks
        if side is not None and FINDINGS[number] in SIDED:
            places[number, :2] = [float(side in (word, "bilateral")) for word in ("left", "right")]
        if zone in ("upper", "lower") and kind != "hernia":
            places[number, 2:] = [float(zone == word) for word in ("upper", "lower")]
    return FindingLabels(presence, places, regions, exact=True)
