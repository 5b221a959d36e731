"""The phantom's body: a dozen numbers drawn by seed, and the curves of its chest.

Coordinates in mm: x to the patient's left, y to the back, z down; z = 0 at the tips of the lungs, x = 0 in the midline.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """A random generator of its own for one part of one phantom: planting a finding does not redraw the ribs."""
    return np.random.default_rng((seed, zlib.crc32(name.encode())))


@dataclass(frozen=True)
class Body:
    """One patient. Lengths in mm.

    Attributes:
        seed: drives everything that is drawn later (vessels, noise).
        female: breasts, and a smaller frame.
        width: half the inner width of the rib cage.
        front: how far the front wall of the cage lies before the origin.
        back: how far the vertebrae's centre lies behind the origin.
        height: from the tip of the lung to the top of the right dome of the diaphragm.
        left_lower: how much lower the left dome lies.
        side_drop, back_drop: depth of the costophrenic angles below the dome, at the side and behind.
        wall: thickness of the chest wall.
        kyphosis: sagitta of the thoracic spine's curve over 150 mm.
        rib_drop: how far a rib falls from its head to its front end.
        heart: the heart's scale, 1 for an ordinary one.
        heart_tilt: 0 for a lying heart, 1 for an upright one.
        aorta: the aorta's scale, 1 for an ordinary one.
        lung: the lung's attenuation as a share of soft tissue's.
        vessel: the radius of the pulmonary vessels, 1 for ordinary ones.
        stomach: radius of the air bubble under the left dome.
    """

    seed: int
    female: bool
    width: float
    front: float
    back: float
    height: float
    left_lower: float
    side_drop: float
    back_drop: float
    wall: float
    kyphosis: float
    rib_drop: float
    heart: float
    heart_tilt: float
    aorta: float
    lung: float
    vessel: float
    stomach: float

    # The cage. Every curve takes z, float or array, and returns the same shape.

    @property
    def bottom(self) -> float:
        """z of the deepest point of the lungs."""
        return self.height + self.left_lower + self.back_drop + 8

    def spine_y(self, z: Any) -> Any:
        """y of the vertebrae's centre."""
        return self.back - self.kyphosis * ((z - 125) / 150) ** 2

    def half_width(self, z: Any) -> Any:
        """Outer edge of the lungs, |x|."""
        rise = _dome(z, 0.92 * self.height, 1.9)
        return APEX_X + (self.width - APEX_X) * rise

    def lung_x(self, z: Any) -> Any:
        """|x| about which a lung's cross-section is centred: 48 mm at the tip, the midline further down."""
        return APEX_X * np.clip(1 - z / 95, 0, 1) ** 1.2

    def front_y(self, z: Any) -> Any:
        """y of the cage's front wall."""
        return APEX_Y - (APEX_Y + self.front) * _dome(z, 0.9 * self.height, 2.0)

    def back_y(self, z: Any) -> Any:
        """y of the cage's back wall, beside the vertebrae."""
        return APEX_Y + (self.spine_y(z) + 30 - APEX_Y) * _dome(z, 85, 2.0)

    def diaphragm_z(self, x: Any, y: Any) -> Any:
        """z of the diaphragm over `(x, y)`; broadcasts."""
        aside = np.abs(x) - 0.5 * self.width
        across = np.where(aside > 0, aside / (0.5 * self.width), aside / (1.25 * self.width)) ** 2
        along = np.where(y > -25, (y + 25) / (self.back + 55), (y + 25) / 125) ** 2
        return self.height + np.where(x > 0, self.left_lower, 0) + self.side_drop * across + self.back_drop * along


APEX_X = 46.0
APEX_Y = 38.0


def _dome(z: Any, reach: float, power: float = 2.2) -> np.ndarray:
    """0 at z = 0, 1 from z = reach on, like the upper half of an ellipse."""
    return np.sqrt(np.clip(1 - np.clip(1 - np.asarray(z, np.float32) / reach, 0, 1) ** power, 0, 1))


def draw(seed: int) -> Body:
    """The healthy Body of this seed."""
    rng = stream(seed, "body")
    female = bool(rng.random() < 0.52)
    frame = (0.93 if female else 1.0) * rng.uniform(0.94, 1.06)
    stout = rng.beta(2, 2.6)  # 0 lean, 1 stout
    inflation = rng.normal(0, 9)
    return Body(
        seed=seed,
        female=female,
        width=141 * frame * (1 + 0.05 * stout),
        front=rng.uniform(86, 100) * frame + 10 * stout,
        back=rng.uniform(56, 66),
        height=225 * frame - 22 * stout + inflation,
        left_lower=rng.uniform(4, 15),
        side_drop=rng.uniform(36, 54),
        back_drop=rng.uniform(56, 80),
        wall=14 + 26 * stout + rng.uniform(0, 5),
        kyphosis=rng.uniform(12, 34),
        rib_drop=rng.uniform(62, 98),
        heart=rng.uniform(0.88, 1.02) * frame**0.5,
        heart_tilt=float(np.clip(rng.uniform(0.1, 0.8) - 0.3 * stout, 0, 1)),
        aorta=rng.uniform(0.85, 1.12),
        lung=rng.uniform(0.2, 0.27),
        vessel=rng.uniform(0.9, 1.12),
        stomach=rng.uniform(12, 36),
    )


def enlarge_heart(body: Body, degree: float) -> Body:
    """Cardiomegaly. `degree`: 0 borderline, 1 severe."""
    return replace(
        body, heart=body.heart / max(body.heart, 0.95) * (1.2 + 0.24 * degree), heart_tilt=0.4 * body.heart_tilt
    )


def overinflate(body: Body, degree: float) -> Body:
    """Hyperinflation: low flat domes, a deep chest, thin lungs, few vessels, a narrow upright heart."""
    return replace(
        body,
        height=max(body.height, 222) + 20 + 14 * degree,
        side_drop=22 - 8 * degree,
        back_drop=30 - 10 * degree,
        front=body.front + 10 + 14 * degree,
        kyphosis=body.kyphosis + 8,
        heart=min(body.heart, 0.92) * (0.95 - 0.05 * degree),
        heart_tilt=1.0,
        lung=body.lung * (0.72 - 0.1 * degree),
        vessel=body.vessel * (0.84 - 0.1 * degree),
        rib_drop=body.rib_drop * 0.62,
        wall=min(body.wall, 24),
    )


def underinflate(body: Body, degree: float) -> Body:
    """Low lung volumes: high domes, a wide lying heart, crowded vessels."""
    return replace(
        body,
        height=min(body.height, 208) - 32 - 14 * degree,
        heart_tilt=0.0,
        lung=body.lung * 1.3,
        vessel=body.vessel * 1.1,
        side_drop=body.side_drop * 0.85,
        heart=min(body.heart * 1.02, 1.02),
    )


def congest(body: Body, degree: float) -> Body:
    """Wide vessels and a somewhat larger heart."""
    return replace(body, vessel=body.vessel * (1.3 + 0.2 * degree), heart=max(body.heart * 1.06, 1.06))


def unfold_aorta(body: Body, degree: float) -> Body:
    """A tortuous aorta: wide, and further from the spine."""
    return replace(body, aorta=1.45 + 0.25 * degree)
