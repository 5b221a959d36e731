"""The bones and the windpipe as beads: ribs, clavicles, shoulder blades, upper arms, vertebrae, breastbone, trachea.

Each function returns points `(N, 3)` in mm and masses `(N,)`, attenuation over soft tissue times volume.
`fine` scales the sampling: 1 for pictures of 256 pixels, 2 for 512.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.phantom.anatomy import stream
from captioner.phantom.projection import CORTEX, SOFT, SPONGIOSA

if TYPE_CHECKING:
    from captioner.phantom.anatomy import Body


def join(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Many (points, mass) as one."""
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def resample(points: Any, step: float) -> tuple[np.ndarray, np.ndarray, float]:
    """A polyline `(N, 3)` at even distances of about `step` mm: points, tangents, and the distance between points."""
    points = np.asarray(points, np.float32)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    count = max(int(length[-1] / step), 3)
    at = (np.arange(count) + 0.5) / count * length[-1]
    even = np.column_stack([np.interp(at, length, points[:, i]) for i in range(3)])
    tangent = np.gradient(even, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return even.astype(np.float32), tangent.astype(np.float32), length[-1] / count


def smooth(points: Any, count: int = 24) -> np.ndarray:
    """A Catmull-Rom curve through control points `(N, 3)`."""
    points = np.asarray(points, np.float32)
    ends = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    t = np.linspace(0, 1, count, endpoint=False, dtype=np.float32)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:])
    ]
    return np.concatenate(pieces + [points[-1:]])


def tube(
    points: Any,
    high: Any,
    thick: Any,
    out: Any,
    cortex: Any,
    core: float,
    fine: float = 1.0,
    rim: float = 0.72,
    step: float = 1.25,
    strength: Any = 1.0,
    hollow: Any = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """A hollow tube of elliptical section along a polyline.

    Args:
        high, thick: half axes of the section, mm, numbers or one per point of the polyline's ends (first, last).
        out: direction of the thick axis, `(3,)` or `(N, 3)` like points; the high axis is across it.
        cortex, core: attenuation of the rim and of the inside, per mm.
        rim: where the rim begins, as a share of the radius.
        strength: factor on both attenuations, a number or one per even step along the tube.
        hollow: 1 as said; 0 spreads the same attenuation over the whole section.
    """
    step = step / fine
    centre, tangent, length = resample(points, step)
    count = len(centre)
    out = np.asarray(out, np.float32)
    if out.ndim == 2:
        out = np.column_stack([_along(out[:, i], count) for i in range(3)])
    out = out - (out * tangent).sum(-1, keepdims=True) * tangent
    out /= np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-6)
    up = _cross(tangent, out)
    high, thick, strength, hollow = (_along(each, count) for each in (high, thick, strength, hollow))
    rings = max(int(2 * fine), 2)
    inner = (np.arange(rings) + 0.5) / rings * rim
    edges = np.concatenate([np.linspace(0, rim, rings + 1), [1.0]])
    radius = np.concatenate([inner, [(1 + rim) / 2]])
    spokes = int(np.clip(2 * np.pi * max(high.max(), thick.max()) / (1.5 * step), 6, 64))
    angle = 2 * np.pi * (np.arange(spokes) + 0.5) / spokes
    area = np.diff(edges**2) * np.pi / spokes  # of a section with half axes 1
    density = np.concatenate([np.full(rings, core), [cortex]])
    section = np.repeat(area * density, spokes)
    # Each section is turned a little against the one before, or the spokes would show as lines along the tube.
    turned = angle[None] + (np.arange(count) * 0.618034 % 1)[:, None] * (2 * np.pi / spokes)  # (count, spokes)
    turned = turned.astype(np.float32)
    u = (radius[:, None].astype(np.float32) * np.cos(turned)[:, None]).reshape(count, -1)  # (count, rings x spokes)
    v = (radius[:, None].astype(np.float32) * np.sin(turned)[:, None]).reshape(count, -1)
    where = (
        centre[:, None]
        + (thick[:, None] * u)[..., None] * out[:, None].astype(np.float32)
        + (high[:, None] * v)[..., None] * up[:, None].astype(np.float32)
    )
    # The golden ratio spreads each section's points along the tube: no rows of beads, no moire.
    ahead = ((np.arange(len(section)) * 0.618034) % 1 - 0.5).astype(np.float32) * np.float32(length)
    where = where + ahead[:, None] * tangent[:, None]
    solid = np.repeat(area, spokes) * section.sum() / (np.pi * edges[-1] ** 2)
    mass = (strength * thick * high)[:, None] * (hollow[:, None] * section + (1 - hollow[:, None]) * solid) * length
    return where.reshape(-1, 3).astype(np.float32), mass.reshape(-1).astype(np.float32)


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`numpy.cross` of `(N, 3)` by `(N, 3)`; on as few vectors as a tube has, that one takes four times as long."""
    (a, b, c), (d, e, f) = first.T, second.T
    return np.column_stack([b * f - c * e, c * d - a * f, a * e - b * d])


def _along(values: Any, count: int) -> np.ndarray:
    """A number, or numbers at even steps along a tube, at each of its `count` points."""
    if np.size(values) == 1:
        return np.full(count, values, float)
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, np.size(values)), np.ravel(values))


def rib_line(body: Body, number: int, side: int, points: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """The centre line of rib 1 to 10, from its head to its front end, `(N, 3)`, and the outward directions `(N, 3)`."""
    gap = (body.height + 62) / 11.2
    head = -12 + gap * (number - 1)
    drop = body.rib_drop * np.interp(number, [1, 3, 7, 10], [0.6, 0.8, 1.0, 1.05])
    front = np.interp(number, [1, 2, 6, 8, 10], [0.90, 0.88, 0.80, 0.70, 0.55])
    t = np.linspace(0, 1, points, dtype=np.float32)
    angle = np.pi * (0.1 + t * (front - 0.1))  # 0 behind, pi in front
    z = head + drop * (0.45 * t + 0.55 * t**2) - 7 * np.sin(np.pi * np.clip(t * 3.4, 0, 1))
    wall = np.clip(z, 10 + 4 * number, 0.8 * body.bottom)  # below the cage's tip the wall is followed
    half = body.half_width(wall) + 4
    front_y, back_y = body.front_y(wall) - 4, body.back_y(wall) + 3
    sine, cosine = np.sin(angle), np.cos(angle)
    x = half * np.abs(sine) ** (2 / 2.2)
    y = (front_y + back_y) / 2 + (back_y - front_y) / 2 * np.sign(cosine) * np.abs(cosine)
    # The head sits beside the vertebra.
    toward = np.clip(1 - t / 0.12, 0, 1) ** 1.5
    x = x * (1 - toward) + 22 * toward
    y = y * (1 - toward) + (body.spine_y(z) + 12) * toward
    line = np.column_stack([side * x, y, z]).astype(np.float32)
    out = np.column_stack([side * sine / half, cosine / np.maximum((back_y - front_y) / 2, 1), np.zeros(points)])
    return line, out.astype(np.float32)


def ribs(body: Body, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = stream(body.seed, "ribs")
    bright, twist = rng.uniform(0.9, 1.45), rng.normal(0, 5)
    parts = []
    t = np.linspace(0, 1, 40)
    for number in range(1, 11):
        high = np.interp(number, [1, 2, 8, 10], [7.5, 6.2, 6.8, 5.6]) * rng.uniform(0.93, 1.07)
        for side in (-1, 1):
            line, out = rib_line(body, number, side)
            line += [0, side * twist, rng.normal(0, 1.2)]  # nobody stands quite straight
            # Fainter in front; solid and faint where a lateral beam would run along the bone and see a ring.
            tangent = np.gradient(line, axis=0)
            along = np.abs(tangent[:, 0]) / np.linalg.norm(tangent, axis=1)
            ring = np.clip((along - 0.6) / 0.25, 0, 1) * (t < 0.5)
            strength = (1 - 0.5 * np.clip(2.2 * t - 0.8, 0, 1)) * (1 - 0.72 * ring)
            parts.append(
                tube(
                    line,
                    [high * 0.72, high * 0.95, high, high * 1.1],
                    [4.2, 3.8, 3.4, 3.4],
                    out,
                    CORTEX * bright,
                    SPONGIOSA * bright,
                    fine,
                    strength=strength,
                    hollow=1 - ring,
                )
            )
    return join(parts)


def clavicles(body: Body, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = stream(body.seed, "clavicles")
    lift = rng.uniform(-14, 10)
    parts = []
    for side in (-1, 1):
        front = float(body.front_y(30)) - 10
        line = smooth(
            [
                (side * 14, front, 28),
                (side * 55, front - 8, 20 + 0.2 * lift),
                (side * 105, 6, 8 + 0.7 * lift),
                (side * (body.width + 4), 24, 4 + lift),
            ]
        )
        parts.append(tube(line, [8.5, 6, 5.5, 7.5], [6.5, 5.5, 5.5, 5], (0, 0.4, 1), CORTEX * 0.9, SPONGIOSA, fine))
    return join(parts)


def shoulders(body: Body, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Shoulder blades and the heads of the upper arms."""
    rng = stream(body.seed, "shoulders")
    outward, lift = rng.uniform(-6, 14), rng.uniform(-8, 8)
    edge = body.width
    parts = []
    for side in (-1, 1):

        def at(x: float, y: float, z: float, side: int = side) -> tuple[float, float, float]:
            return side * (x + outward), y, z + lift

        glenoid, tip, corner = at(edge - 2, 42, 34), at(edge - 20, 88, 158), at(edge - 62, 78, 12)
        back = (0, 1, 0)
        outer = smooth([glenoid, at(edge - 8, 70, 92), tip])
        parts.append(tube(outer, [5, 3.4, 3], [4, 3, 3], back, CORTEX, SPONGIOSA, fine))
        inner = smooth([corner, at(edge - 52, 92, 90), tip])
        parts.append(tube(inner, 2.2, 2.2, back, CORTEX * 0.7, CORTEX * 0.5, fine))
        ridge = smooth([at(edge - 58, 88, 40), at(edge - 20, 74, 22), at(edge + 14, 40, 2)])
        parts.append(tube(ridge, [3, 5, 7], [3, 5, 4], back, CORTEX * 0.8, SPONGIOSA, fine))
        beak = smooth([glenoid, at(edge - 10, 20, 20), at(edge - 12, 4, 24)])
        parts.append(tube(beak, 5, 5, back, CORTEX * 0.8, SPONGIOSA, fine))
        blade = _patch(glenoid, tip, corner, int(26 * fine), rng)
        parts.append((blade, np.full(len(blade), 1.1 * CORTEX * _area(glenoid, tip, corner) / len(blade), np.float32)))
    return join(parts)


def upper_arm(body: Body, fine: float = 1.0, raised: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The upper arms' bones, hanging or raised. The two views are taken with the arms in different places."""
    parts = []
    x = body.width + 24
    for side in (-1, 1):
        line = (
            [(side * 0.85 * x, 20, 6), (side * 0.7 * x, -90, -30), (side * 0.55 * x, -220, -75)]
            if raised
            else [
                (side * (x - 4), 34, 8),
                (side * (x + 10), 32, 56),
                (side * (x + 34), 30, 190),
                (side * (x + 60), 30, 330),
            ]
        )
        radii = [4, 17, 21, 20, 15, 12, 12, 12, 12, 11, 11, 11, 11, 11, 11, 11]
        cortex = CORTEX * (0.35 if raised else 0.5)
        parts.append(tube(smooth(line), radii, radii, (0, 1, 0.1), cortex, SPONGIOSA * 0.6, fine, rim=0.68, step=1.5))
    return join(parts)


def vertebrae(body: Body, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bodies, pedicles, and spinous processes, from the neck to the upper lumbar spine."""
    rng = stream(body.seed, "vertebrae")
    worn = rng.uniform(0.8, 1.15)
    parts = []
    z = -100.0
    while z < 340:
        tall = np.interp(z, [-100, 0, 130, 340], [15, 17.5, 21, 28])
        gap = np.interp(z, [-100, 0, 130, 340], [5, 4.2, 4.2, 8])
        wide = np.interp(z, [-100, 0, 130, 340], [12, 15, 15.5, 22])
        deep = np.interp(z, [-100, 0, 130, 340], [8.5, 11, 15, 18])
        middle = z + tall / 2
        y = float(body.spine_y(middle))
        lean = float(body.spine_y(middle + 5) - body.spine_y(middle - 5)) / 10
        axis = np.array([0, lean, 1.0])
        line = np.array([0, y, middle]) + np.outer([-tall / 2, tall / 2], axis)
        parts.append(tube(line, wide, deep, (0, 1, 0), CORTEX * 0.18 * worn, SPONGIOSA * 0.5, fine, rim=0.8, step=2.0))
        for end in (line[0], line[1]):  # end plates
            plate = np.array([end - 0.5 * axis, end + 0.5 * axis])
            parts.append(tube(plate, wide, deep, (0, 1, 0), CORTEX * 0.6 * worn, CORTEX * 0.6 * worn, fine, step=1.6))
        for side in (-1, 1):
            root = side * wide * 0.7
            pedicle = np.array([(root, y + deep - 2, middle - 2), (root, y + deep + 12, middle)])
            parts.append(tube(pedicle, 5.2, 3.6, (1, 0, 0), CORTEX * 0.5, SPONGIOSA, fine))
            process = smooth([(root, y + deep + 11, middle), (side * (wide + 15), y + deep + 17, middle - 1)])
            parts.append(tube(process, 4, 3.5, (0, 1, 0), CORTEX * 0.1, SPONGIOSA * 0.3, fine, hollow=0.0))
            joint = np.array([(side * 10, y + deep + 12, middle - 8), (side * 9, y + deep + 14, middle + 12)])
            parts.append(tube(joint, 4.5, 3, (0, 1, 0), CORTEX * 0.6, SPONGIOSA, fine))
        y += deep
        spine = smooth([(0, y + 14, middle + 2), (0, y + 30, middle + 16), (0, y + 36, middle + 26)])
        parts.append(tube(spine, [3.2, 2.6, 3.4], [3.2, 4.5, 5], (0, 1, 0), CORTEX * 0.7, SPONGIOSA, fine))
        z += tall + gap
    return join(parts)


def breastbone(body: Body, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    for z0, z1, wide in ((26, 70, 24), (75, 0.78 * body.height, 17)):
        z = np.linspace(z0, z1, 6)
        line = np.column_stack([np.zeros(6), body.front_y(z) - 9, z])
        parts.append(tube(line, wide, 4.8, (0, 1, 0), CORTEX * 0.8, SPONGIOSA, fine, rim=0.8))
    return join(parts)


def windpipe(body: Body, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Trachea and main bronchi: air, so their masses are negative."""
    rng = stream(body.seed, "windpipe")
    fork = 0.36 * body.height + 20
    y = float(body.spine_y(fork)) - 46
    shift = rng.uniform(-7, 1)
    neck = float(body.spine_y(-90)) - 34
    parts = []
    trunk = smooth(
        [(0, neck, -120), (shift * 0.4, neck + 4, -30), (shift, y + 4, fork - 30), (shift * 0.6, y + 8, fork)]
    )
    parts.append(tube(trunk, [8.5, 8.5, 8], [8, 8, 7.5], (0, 1, 0), -SOFT, -SOFT, fine))
    for end, radius in (((-36, y + 16, fork + 30), 6.3), ((42, y + 18, fork + 36), 5.8)):
        bronchus = smooth([(shift * 0.6, y + 8, fork - 3), (end[0] * 0.5, y + 12, fork + 13), end])
        radii = [radius, radius * 0.8]
        parts.append(tube(bronchus, radii, radii, (0, 1, 0), -SOFT * 0.8, -SOFT * 0.8, fine))
    return join(parts)


def _patch(a: Any, b: Any, c: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    """Points all over a triangle."""
    a, b, c = (np.asarray(p, np.float32) for p in (a, b, c))
    u, v = (np.mgrid[0:count, 0:count].reshape(2, -1) + rng.random((2, count * count))) / count
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
    return (a + u[:, None] * (b - a) + v[:, None] * (c - a)).astype(np.float32)


def _area(a: Any, b: Any, c: Any) -> float:
    return float(np.linalg.norm(np.cross(np.subtract(b, a), np.subtract(c, a))) / 2)
