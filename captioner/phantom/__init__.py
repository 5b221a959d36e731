"""Chest phantoms: radiographs of bodies that never were, with findings whose place is known in both views.

A three-dimensional thorax is projected along two axes by the Beer-Lambert law, so that frontal and lateral are the same
body.

    from captioner.phantom import Wanted, render
    phantom = render(7)                                              # whatever seed 7 has
    phantom = render(7, findings=[Wanted("effusion", side="left")])  # the same body with a left effusion
    phantom.frontal, phantom.lateral, phantom.findings[0].masks, phantom.impression
"""

from captioner.phantom.files import read_cases, write, write_examples, write_gallery
from captioner.phantom.findings import KINDS, Wanted
from captioner.phantom.rendering import Phantom, PlantedFinding, render

__all__ = [
    "KINDS",
    "Phantom",
    "PlantedFinding",
    "Wanted",
    "read_cases",
    "render",
    "write",
    "write_examples",
    "write_gallery",
]
