"""The soft organs as voxels: lungs, heart, great vessels, diaphragm, and the body's outline around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from captioner.phantom.anatomy import stream
from captioner.phantom.projection import SOFT, ellipsoid
from captioner.phantom.volume import Grid, add_ellipsoid, add_tube, soft, waves

if TYPE_CHECKING:
    from captioner.phantom.anatomy import Body
    from captioner.phantom.projection import Detector

STEP = (1.9, 2.5, 1.9)  # mm: finer across the pictures than along the frontal beam
OUTER_STEP = (4.2, 4.6, 4.2)


@dataclass
class Chest:
    """The inside of the rib cage.

    Attributes:
        grid: Grid of the cage.
        lung: occupancy of lung `(nz, ny, nx)`; findings that displace lung take it away here.
        cage: occupancy of the whole inside of the cage, above and below the diaphragm.
        heart, aorta: occupancies.
        wall_distance: mm to the cage's wall from inside, about.
    """

    grid: Grid
    lung: np.ndarray
    cage: np.ndarray
    heart: np.ndarray
    aorta: np.ndarray
    wall_distance: np.ndarray


def heart_parts(body: Body) -> list[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """The heart as six ellipsoids: (centre, radii, axes) each. It rests on the diaphragm."""
    s, upright = body.heart, body.heart_tilt
    floor = body.height + 0.5 * body.left_lower
    down = 0.42 + 0.38 * upright
    apex = np.array([np.sqrt(1 - down**2 - 0.16), -0.4, down])
    across = np.cross(apex, [0, 1, 0])
    across /= np.linalg.norm(across)
    axes = np.array([apex, across, np.cross(apex, across)])
    y = 26 - body.front * 0.62
    parts = [
        ((24, y, floor - 28), (66, 47, 50), axes),
        ((-15, y + 8, floor - 36), (36, 46, 46), None),
        ((8, y + 36, floor - 58), (37, 34, 36), None),
        ((12, y - 16, floor - 46), (38, 36, 48), None),
        ((16, y - 2, floor - 78), (27, 34, 34), None),
        ((10, y + 6, floor + 2), (58, 48, 26), None),
    ]
    base = np.array([2, y + 6, floor - 30.0])
    pull = 1 if s < 1.1 else 0.93  # a large heart grows to the left and down
    scaled = []
    for centre, radii, turned in parts:
        away = (np.asarray(centre, float) - base) * s
        if s >= 1.1:
            away[0] += 7 * (s - 1) / 0.3
        scaled.append((base + away * [1, 1, pull], np.asarray(radii, float) * s, turned))
    return scaled


def aorta_points(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """The thoracic aorta's centre line, ascending, arch and descending, `(N, 3)` mm, and its radii."""
    wide = body.aorta
    arch = 0.36 * body.height
    y = 14 - body.front * 0.5
    bulge = 16 * (wide - 1)
    low = body.bottom + 10
    points = np.array(
        [
            (2, y + 14, arch + 66),
            (-14 - 0.6 * bulge, y + 4, arch + 36),
            (-10, y + 6, arch + 8),
            (6, y + 28, arch - 6 - 0.5 * bulge),
            (20 + 0.4 * bulge, body.spine_y(arch) - 28, arch),
            (27 + bulge, body.spine_y(arch) - 10, arch + 26),
            (24 + 1.5 * bulge, body.spine_y(arch + 70) - 12, arch + 75),
            (20 + bulge, body.spine_y(arch + 120) - 18, arch + 120),
            (10, body.spine_y(low) - 24, low),
        ]
    )
    radii = np.array([15, 15, 14, 13, 13, 12, 11.5, 11, 10.5]) * (0.45 + 0.55 * wide)
    return points, radii


def build(body: Body) -> Chest:
    """The Chest of a body, before any finding that displaces lung."""
    grid = Grid((-body.width - 6, -body.front - 6, -4), (body.width + 6, body.back + 36, body.bottom), STEP)
    z = grid.z[:, :, :1]
    half, centre = body.half_width(z), body.lung_x(z)
    front, back = body.front_y(z), body.back_y(z)
    x = np.abs(grid.x)
    # Superellipse: flatter sides than an ellipse. Powers are taken on planes, only their sum has three dimensions.
    across = np.abs((x - centre) / np.maximum(half - centre, 1)) ** 2.3  # (nz, 1, nx)
    along = np.abs((grid.y - (front + back) / 2) / np.maximum((back - front) / 2, 1)) ** 2.5  # (nz, ny, 1)
    radius = np.maximum(np.minimum(half - centre, (back - front) / 2) / 2.4, 1)
    wall_distance = (1 - (across + along)) * radius.astype(np.float32)  # (nz, ny, nx), exact at the wall alone
    cage = soft(-wall_distance, grid.edge)

    others, heart, aorta = grid.empty(), grid.empty(), grid.empty()
    for part in heart_parts(body):
        add_ellipsoid(grid, heart, *part)
    add_tube(grid, aorta, *aorta_points(body))
    _mediastinum(body, grid, others)
    np.maximum(others, heart, out=others)
    np.maximum(others, aorta, out=others)
    below = grid.z - body.diaphragm_z(grid.x, grid.y).astype(np.float32)
    lung = cage * (1 - others)
    lung *= soft(below, grid.edge)
    heart *= soft(below - 10, grid.edge)  # nobody sees the part that the dome hides
    aorta *= soft(below - 4, grid.edge)
    return Chest(grid, lung, cage, heart, aorta, wall_distance)


def _mediastinum(body: Body, grid: Grid, others: np.ndarray) -> None:
    """Spine, veins, oesophagus, pulmonary trunk, thymus and septum: what keeps the lungs apart."""
    arch = 0.36 * body.height
    floor = body.height
    y = 14 - body.front * 0.5
    z = np.linspace(-10, body.bottom + 10, 9)
    spine = np.column_stack([np.zeros_like(z), body.spine_y(z), z])
    add_tube(grid, others, spine, np.full(len(z), 20.5))
    add_tube(grid, others, spine + [0, -24, 0], np.full(len(z), 9.0))  # oesophagus
    # superior vena cava, left carotid and subclavian, inferior vena cava, pulmonary trunk, right pulmonary artery
    add_tube(grid, others, [(-22, 0, -10), (-21, y + 14, 40), (-23, y + 16, arch + 62)], [15, 11, 11])
    add_tube(grid, others, [(24, 6, -10), (21, 4, arch - 35), (14, y + 20, arch)], [14, 10, 12])
    add_tube(grid, others, [(-24, y + 30, floor - 40), (-22, y + 34, floor + 30)], [12, 13])
    add_tube(grid, others, [(16, y, arch + 60), (30, y + 16, arch + 38), (38, y + 34, arch + 40)], [15, 13, 9])
    add_tube(grid, others, [(0, y + 16, arch + 46), (-38, y + 24, arch + 50)], [11, 10])
    # Wide between the tips; below a thin septum, oblique, so that no beam runs along it.
    half = 1.6 + 10 * np.clip(1 - grid.z / (0.3 * body.height), 0, 1)
    np.maximum(others, soft(np.abs(grid.x - 0.11 * (grid.y - 10) - 3) - half, grid.edge), out=others)
    fat = 26 + 10 * (body.wall > 35)
    for side in (-1, 1):
        add_ellipsoid(grid, others, np.array([side * 40, -0.62 * body.front, floor + 12]), (fat, 30, 20))


def lung_attenuation(body: Body, chest: Chest) -> np.ndarray:
    """The lung's attenuation relative to soft tissue, negative, `(nz, ny, nx)`: denser at the base, slightly cloudy."""
    grid = chest.grid
    cloud = waves(stream(body.seed, "cloud"), (grid.x, grid.y, grid.z), 26, 8)
    share = body.lung * (0.86 + 0.28 * grid.z / body.height + 0.08 * cloud)
    return SOFT * (share - 1)


def outline(body: Body, detector: Detector) -> np.ndarray:
    """Attenuation of the whole body as if it were soft tissue throughout, float32 `(2, size, size)`.

    Arms hang at the sides of the frontal view and are raised in the lateral one, as they are in practice.
    """
    rng = stream(body.seed, "outline")
    grid = Grid((-250, -185, -120), (250, 160, 345), OUTER_STEP)
    z = grid.z[:, :, :1]
    stout = np.clip((body.wall - 14) / 30, 0, 1)
    waist = np.clip((z - body.height) / 90, 0, 1) * rng.uniform(-10, 6)
    above = np.clip((55 - z) / 120, 0, 1)
    half = body.width + body.wall + 7 + waist - 40 * above**1.3
    belly = np.clip((z - body.height + 20) / 110, 0, 1) ** 2 * (-6 + 26 * stout)
    front = body.front_y(np.maximum(z, 12)) - 0.75 * body.wall - 4 - belly
    back = np.maximum(body.spine_y(z) + 52 + 0.4 * body.wall, 40) - 42 * above**1.2
    across = np.abs(grid.x / half) ** 2.6
    along = np.abs((grid.y - (front + back) / 2) / ((back - front) / 2)) ** 2.6
    torso = soft((across + along - 1) * 45, grid.edge).astype(np.float32)
    torso *= soft(-30 - grid.z, 40)  # rounded towards the shoulders
    slope = rng.uniform(-8, 8)
    reach = body.width + 0.3 * body.wall
    shoulder = np.array([reach, 30, 26.0])
    for side in (-1, 1):
        mirror = np.array([side, 1, 1])
        add_tube(grid, torso, [(side * 40, 36, -34), shoulder * mirror + [0, 0, slope]], [40, 36 + 0.2 * body.wall])
        add_tube(grid, torso, [(side * 26, 38, -110), (side * 74, 44, -12 + 0.4 * slope)], [26, 30])  # trapezius
    neck_y = float(body.spine_y(-60)) - 22
    add_tube(
        grid,
        torso,
        [(0, neck_y + 14, 20), (0, neck_y, -40), (0, neck_y - 40, -160)],
        [54 + 0.3 * body.wall, 40 + 0.4 * body.wall, 44 + 0.4 * body.wall],
    )
    if body.female:
        full = rng.uniform(0.66, 0.95) + 0.25 * stout
        axes = np.array([[1, 0, 0], [0, 0.88, 0.48], [0, -0.48, 0.88]])
        breasts = grid.empty()
        middle = 0.76 * body.height + 16 * stout
        for side in (-1, 1):
            place = np.array([side * 0.55 * body.width, -body.front - 0.75 * body.wall + 24, middle])
            add_ellipsoid(grid, breasts, place, np.array([62, 42, 66]) * full, axes)
        breasts *= 0.85 * np.clip((grid.z - middle + 52 * full) / 75, 0, 1)  # fat, thinning out upwards
        np.maximum(torso, breasts, out=torso)

    hanging, raised = np.zeros_like(torso), np.zeros_like(torso)
    spread = rng.uniform(5, 50)
    lift = rng.uniform(-95, -50)
    thick = 34 + 0.3 * body.wall
    for side in (-1, 1):
        mirror = np.array([side, 1, 1])
        hang = shoulder + np.array([(6, 0, 4), (28 + 0.4 * spread, 0, 120), (36 + spread, 0, 330)])
        add_tube(grid, hanging, hang * mirror, [36 + 0.2 * body.wall, thick, thick * 0.92])
        up = np.array([(0.8 * reach, 24, 2), (0.62 * reach, -70, 0.35 * lift), (0.5 * reach, -230, lift)])
        add_tube(grid, raised, up * mirror, [46 + 0.3 * body.wall, thick + 2, thick * 0.75])
    bodies = [np.maximum(torso, hanging), np.maximum(torso, raised)]
    out = np.stack([grid.project(detector, occupied)[view] for view, occupied in enumerate(bodies)])
    return SOFT * np.maximum(out, 0)


def abdomen(body: Body, detector: Detector) -> np.ndarray:
    """Gas under the left dome and in the bowel, negative; the liver, slightly positive. float32 `(2, size, size)`."""
    rng = stream(body.seed, "abdomen")
    left = body.height + body.left_lower
    out = 0.0012 * ellipsoid(detector, np.array([-55, 0, body.height + 62]), (92, 82, 58))
    radius = body.stomach
    bubble = np.array([rng.uniform(45, 85), rng.uniform(-15, 25), left + 0.62 * radius + rng.uniform(9, 14)])
    radii = np.array([radius * rng.uniform(1.1, 1.7), radius, 0.75 * radius])
    grid = Grid(bubble - radii - 3, bubble + radii + 3, (2.6, 2.6, 1.6))
    gas = grid.empty()
    add_ellipsoid(grid, gas, bubble, radii)
    gas *= soft(grid.z - bubble[2] - rng.uniform(-0.1, 0.5) * radii[2], grid.edge)  # fluid below a level, upright
    out -= SOFT * 0.9 * np.maximum(grid.project(detector, gas), 0)
    for _ in range(rng.poisson(2.5)):
        place = np.array([rng.uniform(-90, 110), rng.uniform(-70, 20), left + rng.uniform(58, 120)])
        size = rng.uniform(7, 18)
        out -= SOFT * 0.8 * ellipsoid(detector, place, (size * rng.uniform(1, 2), size, size * rng.uniform(0.6, 1.1)))
    return out
