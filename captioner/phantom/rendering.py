"""A seed becomes a phantom: two pictures, the findings with their masks, the impression and the MeSH terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from captioner.errors import BadInput
from captioner.phantom import anatomy, findings, scene, wording
from captioner.phantom.film import develop

if TYPE_CHECKING:
    from captioner.phantom.findings import Settled, Wanted
    from captioner.phantom.scene import Scene

SMALLEST, LARGEST = 64, 1024


@dataclass(frozen=True, eq=False)
class PlantedFinding:
    """One finding and where it lies.

    Attributes:
        name: its kind, a key of `captioner.phantom.findings.KINDS`.
        side: "left", "right" (the patient's) or "bilateral"; None where it has none.
        zone: "upper", "middle" or "lower"; None where it has none.
        masks: bool `(2, size, size)`, the frontal view first.
        words: the words of the impression that name it.
    """

    name: str
    side: str | None
    zone: str | None
    masks: np.ndarray
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Phantom:
    """One study of a body that never was.

    Attributes:
        seed: what it was drawn from.
        frontal: uint8 `(size, size)`, postero-anterior, the patient's right on the picture's left.
        lateral: uint8 `(size, size)`, the patient faces the picture's left.
        findings: none when the phantom is normal.
        impression: lower-case words and full stops.
        mesh: MeSH terms as the collection writes them; `("normal",)` when there is no finding.
    """

    seed: int
    frontal: np.ndarray
    lateral: np.ndarray
    findings: tuple[PlantedFinding, ...]
    impression: str
    mesh: tuple[str, ...]


def render(seed: int, size: int = 256, findings: Sequence[str | Wanted] | None = None) -> Phantom:
    """Render the phantom of a seed; the same arguments give the same phantom.

    Args:
        seed: int, 0 or more: body, findings, noise and wording.
        size: rows and columns of both pictures, 64 to 1024.
        findings: what it has, as names or `Wanted`; drawn by seed when left out, none when empty.

    Returns:
        Phantom.

    Raises:
        BadInput: a size out of range, or a finding that a phantom cannot have.
    """
    if not SMALLEST <= size <= LARGEST:
        raise BadInput(f"A phantom's pictures have {SMALLEST} to {LARGEST} pixels a side, not {size}.")
    place, settled, masks = compose(seed, size, findings)
    pictures = develop(place.body, *scene.attenuation(place))
    impression, mesh, words = wording.word(seed, settled)
    planted = tuple(
        PlantedFinding(ask.name, ask.side, ask.zone, mask, mine) for ask, mask, mine in zip(settled, masks, words)
    )
    return Phantom(seed, pictures[0], pictures[1], planted, impression, mesh)


def compose(
    seed: int, size: int, wanted: Sequence[str | Wanted] | None = None
) -> tuple[Scene, tuple[Settled, ...], list[np.ndarray]]:
    """The scene with all findings planted, before it is projected: (Scene, settled findings, their masks)."""
    settled = findings.settle(seed, findings.draw(seed) if wanted is None else wanted)
    place = scene.set_up(findings.altered(anatomy.draw(seed), settled), size)
    masks = [findings.plant(place, ask, number) for number, ask in enumerate(settled)]
    return place, settled, masks
