"""One function per finding: it changes the scene and returns its trace, float32 `(2, size, size)`.

The trace is what the finding puts into each beam of the frontal and of the lateral view: mm of its own path, or, where
said so, attenuation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.phantom.chest import aorta_points
from captioner.phantom.projection import CORTEX, SOFT, beads, ellipsoid
from captioner.phantom.skeleton import smooth, tube
from captioner.phantom.volume import add_ellipsoid, soft, waves

if TYPE_CHECKING:
    from captioner.phantom.anatomy import Body
    from captioner.phantom.findings import Settled
    from captioner.phantom.scene import Scene

SIGNS = {"left": 1, "right": -1}  # x
BANDS = {"upper": (0.14, 0.33), "middle": (0.42, 0.62), "lower": (0.74, 0.92)}  # of the height to the dome


def signs(side: str) -> tuple[int, ...]:
    """-1 for the right, 1 for the left, both for bilateral."""
    return (-1, 1) if side == "bilateral" else (SIGNS[side],)


def site(
    scene: Scene,
    rng: np.random.Generator,
    sign: int,
    zone: str,
    radius: float,
    deep: tuple[float, float] | None = None,
) -> np.ndarray:
    """A place in the lung, `(3,)` mm, that can be seen on the frontal view: not before heart or dome, not in the wall.

    `deep`: (from, to) in y, when the place must be before or behind something.
    """
    grid, lung, body = scene.grid, scene.chest.lung, scene.body
    low, high = np.array(BANDS[zone]) * body.height
    count = 4000
    drawn = np.column_stack(
        [
            sign * rng.uniform(0.36 * body.width, body.width, count),
            rng.uniform(-body.front, body.back + 30, count),
            rng.uniform(low, high, count),
        ]
    )
    if deep is not None:
        drawn[:, 1] = rng.uniform(*deep, count)
    depth = lung.sum(1)
    across = np.clip(np.rint((drawn[:, 0] - grid.origin[0]) / grid.step[0]).astype(int), 0, grid.shape[2] - 1)
    down = np.clip(np.rint((drawn[:, 2] - grid.origin[2]) / grid.step[2]).astype(int), 0, grid.shape[0] - 1)
    seen = depth[down, across] * grid.step[1]
    fits = np.ones(count)
    for axis in range(3):
        for way in (-1, 1):
            moved = drawn.copy()
            moved[:, axis] += way * (radius + 2)
            fits += grid.at(lung, moved)
    quality = fits + 4 * np.minimum(seen / max(np.quantile(depth, 0.9) * grid.step[1], 1), 0.6)
    good = np.flatnonzero(quality > quality.max() - 0.25)
    return drawn[good[0]]


def heart(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    return scene.project(scene.chest.heart)


def lungs(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    return scene.project(scene.whole_lung)


def aorta(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """The aorta itself; in half of them chalk in the arch's wall."""
    if ask.degree > 0.5:
        points, radii = aorta_points(scene.body)
        for _ in range(3):
            turn = rng.uniform(0, 2 * np.pi)
            start, reach = rng.uniform(-1.2, 0.4), rng.uniform(0.5, 1.1)
            angle = np.linspace(start, start + reach, 12)
            arc = points[4] + radii[4] * np.column_stack([np.cos(angle), 0.3 * np.sin(turn + angle), -np.sin(angle)])
            chalk = tube(arc, 2.4, 0.8, (0, 1, 0), 1.6 * CORTEX, 1.6 * CORTEX, scene.detector.size / 256)
            beads(scene.detector, *chalk, into=scene.extra)
    return scene.project(scene.chest.aorta)


def effusion(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Fluid at the bottom, up to a level that climbs along the wall: the meniscus."""
    grid, body = scene.grid, scene.body
    taken = grid.empty()
    for sign in signs(ask.side):
        dome = body.height + (body.left_lower if sign > 0 else 0)
        angle = dome + body.side_drop  # the costophrenic angle seen on the frontal view
        unevenly = rng.uniform(0.75, 1) if ask.side == "bilateral" else 1
        above = np.interp(ask.degree * unevenly, [0, 0.55, 1], [22, 44, body.side_drop + 62])
        rise = (20 + 26 * ask.degree) * np.exp(-np.maximum(scene.chest.wall_distance, 0) / (10 + 6 * ask.degree))
        share = soft(angle - above - rise - grid.z, grid.edge)
        share *= sign * grid.x > 0
        taken += scene.replace_lung(share)
    return scene.project(taken)


def pneumothorax(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Air between wall and lung, thickest at the tip; the pleura is a fine line, no vessel goes beyond it."""
    grid, body, sign = scene.grid, scene.body, SIGNS[ask.side]
    reach = body.height * (0.42 + 0.5 * ask.degree)
    thick = 9 + 22 * ask.degree
    z = np.maximum(grid.z, 0)
    gap = thick * np.clip(1 - z / reach, 0, 1) ** 0.7
    gap = gap + (8 + 20 * ask.degree) * np.clip(1 - z / (26 + 30 * ask.degree), 0, 1)  # more at the tip
    inside = scene.chest.wall_distance - gap
    share = soft(inside, grid.edge) * (sign * grid.x > 0)
    side_lung = scene.chest.lung * (sign * grid.x > 0)
    line = np.exp(-(((inside - 0.3) / 1.3) ** 2)) * side_lung * (gap > 1.5)
    taken = scene.replace_lung(share)
    scene.extra -= SOFT * 0.99 * scene.project(taken)
    scene.extra += SOFT * 0.85 * scene.project(line)
    return scene.project(taken)


def _blob(
    scene: Scene, centre: np.ndarray, radii: Any, rough: float, rng: np.random.Generator, length: int = 22
) -> np.ndarray:
    """A cloud about a centre: share 0..1 on the grid, with a ragged edge."""
    grid = scene.grid
    share = grid.empty()
    reach = 1.9 * np.asarray(radii)
    found = grid.box(centre - reach, centre + reach)
    assert found is not None  # the centre is in the lung, so the box is on the grid
    where, x, y, z = found
    square = ((x - centre[0]) / radii[0]) ** 2 + ((y - centre[1]) / radii[1]) ** 2 + ((z - centre[2]) / radii[2]) ** 2
    ragged = 1 - np.sqrt(square) + rough * waves(rng, (x, y, z), length)
    share[where] = np.clip(0.5 + 1.6 * ragged, 0, 1) * np.clip(1.9 - np.sqrt(square), 0, 1)
    return share


def opacity(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Airspace disease: a ragged cloud in a lobe that ends at its fissure. The trace is mm of replaced lung."""
    grid, body, sign = scene.grid, scene.body, SIGNS[ask.side]
    size = 20 + 22 * ask.degree
    deep = {"upper": (-45, 30), "middle": (-60, -5), "lower": (5, body.back + 10)}[ask.zone]
    centre = site(scene, rng, sign, ask.zone, 0.55 * size, deep)
    radii = size * rng.uniform([0.85, 0.85, 0.7], [1.3, 1.3, 1.05])
    share = _blob(scene, centre, radii, rng.uniform(0.18, 0.34), rng)
    share *= sign * grid.x > 0
    # The oblique fissure falls from the back to the front; the lower lobe lies behind and below it.
    forward = np.clip((body.back + 10 - grid.y) / (body.back + body.front), 0, 1)
    fissure = (0.36 + 0.6 * forward) * body.height
    behind = soft(fissure - grid.z, 3 * grid.edge)
    share *= behind if ask.zone == "lower" else 1 - behind
    if sign < 0 and ask.zone != "lower":  # the minor fissure, on the right alone
        below = soft(0.53 * body.height - 7 - grid.z, 2 * grid.edge)
        share *= below if ask.zone == "middle" else 1 - below
    return scene.project(scene.replace_lung(np.float32(rng.uniform(0.6, 0.92)) * share))


def _solid(scene: Scene, centre: np.ndarray, radii: Any, density: float, axes: np.ndarray | None = None) -> np.ndarray:
    chords = ellipsoid(scene.detector, centre, radii, axes)
    scene.extra += np.float32(density) * chords
    return chords


def nodule(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """A ball of soft tissue, 11 to 25 mm across."""
    radius = 5.5 + 7 * ask.degree
    centre = site(scene, rng, SIGNS[ask.side], ask.zone, radius)
    return _solid(scene, centre, radius * rng.uniform(0.85, 1.1, 3), SOFT * (1.15 - scene.body.lung))


def mass(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """A lump of 34 to 70 mm with a knobbly edge. The trace is mm of replaced lung."""
    radius = 17 + 18 * ask.degree
    centre = site(scene, rng, SIGNS[ask.side], ask.zone, 0.8 * radius)
    grid = scene.grid
    lump = grid.empty()
    add_ellipsoid(grid, lump, centre, radius * rng.uniform(0.8, 1.05, 3))
    for _ in range(5):
        away = rng.normal(size=3)
        away *= 0.62 * radius / np.linalg.norm(away)
        add_ellipsoid(grid, lump, centre + away, np.full(3, radius * rng.uniform(0.35, 0.55)))
    return scene.project(scene.replace_lung(lump))


def granuloma(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """A small ball of chalk, 4.5 to 9 mm across."""
    radius = 2.2 + 2.3 * ask.degree
    centre = site(scene, rng, SIGNS[ask.side], ask.zone, 2 * radius)
    return _solid(scene, centre, radius * rng.uniform(0.85, 1.15, 3), SOFT + 1.7 * CORTEX)


def _turned(rng: np.random.Generator, around_y: float, around_x: float) -> np.ndarray:
    """Axes of a plate that lies flat but for two small angles in degrees."""
    a, b = np.radians(around_y), np.radians(around_x)
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return about_y @ about_x


def atelectasis(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Collapsed plates above the diaphragm, seen edge-on as bands."""
    trace: Any = 0
    for sign in signs(ask.side):
        for _ in range(rng.integers(1, 3) + (ask.degree > 0.6)):
            centre = site(scene, rng, sign, "lower", 8, (-40, scene.body.back))
            radii = (rng.uniform(22, 34) * (0.8 + 0.4 * ask.degree), rng.uniform(14, 24), rng.uniform(1.5, 2.6))
            axes = _turned(rng, rng.uniform(-28, 28), rng.uniform(-9, 9))
            trace = trace + _solid(scene, centre, radii, SOFT * (1 - scene.body.lung), axes)
    return _thickened(scene, trace)


def scarring(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Fine strands and a cap of pleura at the tips of the lungs."""
    trace: Any = 0
    for sign in signs(ask.side):
        for _ in range(5 + int(4 * ask.degree)):
            centre = site(scene, rng, sign, "upper", 4) * [1, 1, rng.uniform(0.55, 0.85)]
            radii = (rng.uniform(8, 19), rng.uniform(4, 10), rng.uniform(0.8, 1.7))
            axes = _turned(rng, sign * rng.uniform(10, 80), rng.uniform(-30, 30))
            trace = trace + _solid(scene, centre, radii, SOFT * 1.1, axes)
        cap = soft(scene.chest.wall_distance - 4 - 4 * ask.degree, 4) * soft(scene.grid.z - 26, 14)
        cap = cap * (sign * scene.grid.x > 0)
        trace = trace + 0.25 * scene.project(scene.replace_lung(cap))
    return _thickened(scene, trace)


def edema(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Haze about the hila, and septal lines at the sides of the bases. The trace is mm of replaced lung."""
    grid, body = scene.grid, scene.body
    hilum = 0.5 * body.height
    across = ((np.abs(grid.x) - 38) / (42 + 18 * ask.degree)) ** 2
    along = (grid.y / 80) ** 2
    down = ((grid.z - hilum - 12) / (58 + 18 * ask.degree)) ** 2
    cloud = np.exp(-across - along - down) * np.clip(1 + 0.3 * waves(rng, (grid.x, grid.y, grid.z), 17, 10), 0.2, 2)
    taken = scene.replace_lung(np.clip((0.2 + 0.3 * ask.degree) * cloud, 0, 0.8))
    for sign in (-1, 1):
        for row in range(6):
            place = np.array(
                [
                    sign * (body.half_width(0.8 * body.height) - 8),
                    rng.uniform(-20, 40),
                    body.height * (0.72 + 0.05 * row),
                ]
            )
            _solid(scene, place, (9, 7, 0.9), SOFT * ask.degree, _turned(rng, rng.uniform(-6, 6), 0))
    return scene.project(taken)


def hernia(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """Stomach behind the heart, with a level of fluid and air over it."""
    grid, body = scene.grid, scene.body
    radius = 24 + 20 * ask.degree
    centre = np.array(
        [rng.uniform(-4, 20), body.spine_y(body.height) - 30 - 0.55 * radius, body.height - 0.45 * radius + 6]
    )
    sac = grid.empty()
    add_ellipsoid(grid, sac, centre, radius * np.array([1.15, 0.95, 0.95]))
    sac *= soft(grid.z - body.height - 8, grid.edge)
    scene.replace_lung(sac)
    gas = grid.empty()
    add_ellipsoid(grid, gas, centre, radius * np.array([1.15, 0.95, 0.95]) - 3)
    gas *= soft(grid.z - centre[2] + radius * rng.uniform(0.0, 0.3), grid.edge)
    scene.extra -= SOFT * 0.92 * scene.project(gas)
    return scene.project(sac)


def _lead(scene: Scene, points: Any, radius: float, density: float) -> np.ndarray:
    """A wire along a curve; returns its own attenuation."""
    made = tube(smooth(points, 16), radius, radius, (0.2, 0.9, 0.3), density, density, scene.detector.size / 256)
    wire = beads(scene.detector, *made)
    scene.extra += wire
    return wire


def _veins(body: Body, sign: int, start: Any) -> list[Any]:
    """From under the collarbone to the upper vena cava."""
    y = 14 - 0.5 * body.front
    first = (sign * 0.55 * body.width, float(body.front_y(30)) + 6, 16)
    return [start, first, (sign * 26, y + 6, 30), (-20, y + 14, 56), (-22, y + 16, 0.36 * body.height + 40)]


def pacemaker(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """A generator in the chest wall and a lead to the right ventricle. The trace is attenuation."""
    body, sign = scene.body, SIGNS[ask.side]
    z = rng.uniform(42, 62)
    place = np.array([sign * 0.7 * body.width, float(body.front_y(z)) - 8, z])
    can = 0.4 * np.minimum(ellipsoid(scene.detector, place, (24, 5, 21)), 6)  # flat, all but opaque
    can += 0.12 * np.minimum(ellipsoid(scene.detector, place + [-4 * sign, 0, -20], (13, 4, 8)), 5)
    scene.extra += can
    floor, y = body.height, 26 - 0.62 * body.front
    path = _veins(body, sign, place + [0, 0, -20])
    path += [(-30, y + 6, floor - 62), (-12, y - 6, floor - 30), (28, y - 18, floor - 12)]
    trace = can + _lead(scene, path, 1.1, 0.22)
    if ask.degree > 0.5:
        trace = trace + _lead(scene, path[:5] + [(-34, y - 2, floor - 50), (-26, y - 22, floor - 66)], 1.0, 0.22)
    return trace


def port(scene: Scene, ask: Settled, rng: np.random.Generator) -> np.ndarray:
    """A port in the chest wall and its catheter to the heart's upper edge. The trace is attenuation."""
    body, sign = scene.body, SIGNS[ask.side]
    z = rng.uniform(46, 70)
    place = np.array([sign * 0.55 * body.width, float(body.front_y(z)) - 8, z])
    disc = 0.06 * ellipsoid(scene.detector, place, (12, 5, 13)) + 0.05 * ellipsoid(scene.detector, place, (6, 5, 6))
    scene.extra += disc
    path = _veins(body, sign, place) + [(-24, 24 - 0.5 * body.front, body.height - rng.uniform(64, 90))]
    return disc + _lead(scene, path, 1.2, 0.1)


def _thickened(scene: Scene, trace: np.ndarray) -> np.ndarray:
    """Fine strands get a mask a pixel wider at 256, so that it can be pointed at."""
    width = 2 * int(round(scene.detector.size / 256)) + 1
    return np.stack([cv2.dilate(view, np.ones((width, width), np.uint8)) for view in trace])
