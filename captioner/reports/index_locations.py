"""Where the collection's index says that findings lie, and which words of an impression that places.

The `MeSH` column holds a heading and its qualifiers, such as `Opacity/lung/upper lobe/right/streaky`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from captioner.reports.findings import SIDES, mentions

# Heading -> the finding of `captioner.reports.findings` whose words name it. Headings whose side is not a place in the
# picture (a scoliosis to the right) are left out.
HEADINGS = {
    "Opacity": "airspace opacity",
    "Infiltrate": "airspace opacity",
    "Airspace Disease": "airspace opacity",
    "Consolidation": "airspace opacity",
    "Pneumonia": "airspace opacity",
    "Density": "airspace opacity",
    "Pulmonary Atelectasis": "atelectasis",
    "Volume Loss": "atelectasis",
    "Pleural Effusion": "effusion",
    "Pneumothorax": "pneumothorax",
    "Hydropneumothorax": "pneumothorax",
    "Nodule": "nodule or mass",
    "Mass": "nodule or mass",
    "Calcified Granuloma": "granuloma or calcification",
    "Granuloma": "granuloma or calcification",
    "Calcinosis": "granuloma or calcification",
    "Cicatrix": "scarring or interstitial change",
    "Thickening": "scarring or interstitial change",
    "Pulmonary Fibrosis": "scarring or interstitial change",
    "Bronchiectasis": "scarring or interstitial change",
    "Pulmonary Emphysema": "emphysema or COPD",
    "Emphysema": "emphysema or COPD",
    "Bullous Emphysema": "emphysema or COPD",
    "Fractures, Bone": "bone",
    "Deformity": "bone",
    "Catheters, Indwelling": "device",
    "Implanted Medical Device": "device",
    "Medical Device": "device",
    "Surgical Instruments": "device",
    "Foreign Bodies": "device",
}
ZONE_OF = {
    "upper lobe": "upper",
    "apex": "upper",
    "middle lobe": "middle",
    "hilum": "middle",
    "lingula": "middle",
    "lower lobe": "lower",
    "base": "lower",
    "costophrenic angle": "lower",
}


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
        finding: one of `captioner.reports.findings.FINDINGS`.
        place: Place.
    """

    position: int
    finding: str
    place: Place


def places(mesh: Sequence[str]) -> dict[str, Place]:
    """Where the index says that findings lie.

    All terms of a finding must agree: a left opacity beside one without a side leaves open which of them a word means.

    Args:
        mesh: terms such as `("Opacity/lung/base/left", "Cardiomegaly")`.

    Returns:
        dict finding -> Place; findings without any place are not in it.
    """
    named: dict[str, list[tuple[set[str], set[str]]]] = {}
    for term in mesh:
        heading, *qualifiers = (part.strip() for part in term.split("/"))
        if heading in HEADINGS:
            sides = {word for word in qualifiers if word in SIDES}
            zones = {ZONE_OF[word] for word in qualifiers if word in ZONE_OF}
            named.setdefault(HEADINGS[heading], []).append((sides, zones))
    found = {}
    for finding, terms in named.items():
        side, zone = (_only([term[part] for term in terms]) for part in (0, 1))
        side = None if side == "bilateral" else side
        if side or zone:
            found[finding] = Place(side, zone)
    return found


def placed_words(caption: str, mesh: Sequence[str]) -> list[PlacedWord]:
    """The words of a cleaned caption that state a finding whose place the index gives, as a list of PlacedWord."""
    where = places(mesh)
    found: dict[int, PlacedWord] = {}
    for mention in mentions(caption):
        if mention.finding in where:
            for position in range(mention.start, mention.end):
                found.setdefault(position, PlacedWord(position, mention.finding, where[mention.finding]))
    return [found[position] for position in sorted(found)]


def _only(sets: Sequence[set[str]]) -> str | None:
    """The one word that every set holds alone; None when there is no such word."""
    union = set().union(*sets)
    return union.pop() if len(union) == 1 and all(sets) else None
