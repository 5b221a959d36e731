"""A phantom on its way: the body, its chest, the detector, and what findings have put into them so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from captioner.phantom import chest as soft_organs
from captioner.phantom import skeleton, vessels
from captioner.phantom.anatomy import stream
from captioner.phantom.projection import FRONTAL, LATERAL, SOFT, Detector, beads

if TYPE_CHECKING:
    from captioner.phantom.anatomy import Body
    from captioner.phantom.chest import Chest
    from captioner.phantom.volume import Grid


@dataclass
class Scene:
    """What a finding is planted into.

    Attributes:
        body, detector: as drawn; findings that change the body have changed it before.
        chest: its `lung` is what is still filled by lung; findings take their part away from it.
        whole_lung: occupancy of the lungs before anything was planted.
        extra: attenuation `(2, size, size)` that findings add (metal, calcium, a nodule) or take away (air).
    """

    body: Body
    detector: Detector
    chest: Chest
    whole_lung: np.ndarray = field(init=False)
    extra: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.whole_lung = self.chest.lung.copy()
        self.extra = np.zeros((2, self.detector.size, self.detector.size), np.float32)

    @property
    def grid(self) -> Grid:
        return self.chest.grid

    def project(self, volume: np.ndarray) -> np.ndarray:
        """Path lengths in mm through an occupancy, `(2, size, size)`."""
        return np.maximum(self.grid.project(self.detector, volume), 0)

    def replace_lung(self, share: np.ndarray) -> np.ndarray:
        """Take the share (0..1 per voxel) of what lung there is; returns the occupancy taken."""
        taken = self.chest.lung * share
        self.chest.lung = self.chest.lung - taken
        return taken


def set_up(body: Body, size: int) -> Scene:
    """The Scene of a body for pictures of `size` pixels, with nothing planted."""
    rng = stream(body.seed, "view")
    zoom = rng.uniform(0.92, 1.1)
    half = body.width + 0.75 * body.wall + rng.uniform(2, 34)
    deep = (body.front + body.back + 1.6 * body.wall) / 2 + rng.uniform(16, 56)
    high = 366 * zoom * np.clip(body.height / 225, 0.97, 1.08)
    middle = 0.36 * high + rng.uniform(-20, 20)  # the same rows in both views
    centres = [(rng.normal(0, 5), middle), ((body.back - body.front) / 2 - 2 + rng.normal(0, 6), middle)]
    angles = [rng.normal(0, 1.6), rng.normal(0, 2.2)]
    detector = Detector.facing(size, centres, [(2 * half, high), (2 * deep, high)], angles)
    return Scene(body, detector, soft_organs.build(body))


def attenuation(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """All of the body's line integrals, float32 `(2, size, size)`, and the lungs' path lengths in mm, same shape."""
    body, detector, chest = scene.body, scene.detector, scene.chest
    fine = detector.size / 256
    total = soft_organs.outline(body, detector)
    total += soft_organs.abdomen(body, detector)
    relative = soft_organs.lung_attenuation(body, chest)
    relative *= chest.lung
    relative += np.float32(0.06 * SOFT) * chest.heart  # blood and muscle over fat
    total += chest.grid.project(detector, relative)
    for bones in (
        skeleton.ribs,
        skeleton.clavicles,
        skeleton.shoulders,
        skeleton.vertebrae,
        skeleton.breastbone,
        skeleton.windpipe,
    ):
        beads(detector, *bones(body, fine), into=total)
    for view, raised in ((FRONTAL, False), (LATERAL, True)):
        total[view] += beads(detector, *skeleton.upper_arm(body, fine, raised), views=(view,))[view]
    beads(detector, *vessels.trees(body, chest, fine), into=total)
    total += scene.extra
    return np.maximum(total, 0), scene.project(scene.whole_lung)
