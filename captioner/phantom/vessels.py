"""Pulmonary vessels: trees that fill the lungs from the hila, as beads.

A tree is split where its targets split: the branch to n of them has a radius in proportion to n^(1/2.8), close to
Murray's law (1926), so that flow and calibre agree from the hilum to the last twig.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from captioner.phantom.anatomy import stream
from captioner.phantom.projection import SOFT

if TYPE_CHECKING:
    from captioner.phantom.anatomy import Body
    from captioner.phantom.chest import Chest

MURRAY = 1 / 2.8
THINNEST = 0.42  # mm


def trees(body: Body, chest: Chest, fine: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Points `(N, 3)` and masses `(N,)` of all vessels; those that leave the lung as it now is are cut off."""
    rng = stream(body.seed, "vessels")
    arch = 0.36 * body.height
    y = float(body.spine_y(arch)) - 42
    points: list[np.ndarray] = []
    radii: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    for side in (-1, 1):
        drawn = _targets(rng, chest, side, 640)
        roots = [
            (np.array([side * 30, y, arch + 44 + 4 * side * -1]), 0.62, 7.6, drawn[:400]),  # artery
            (np.array([side * 22, y - 4, arch + 70]), 0.5, 6.0, drawn[400:]),
        ]  # veins enter lower
        for root, straight, radius, targets in roots:
            unit = radius * body.vessel / max(len(targets), 1) ** MURRAY
            _grow(rng, root, targets, unit, straight, points, radii, lengths, fine)
    centres, sizes, reaches = np.concatenate(points), np.concatenate(radii), np.concatenate(lengths)
    wheres, masses = [], []
    for group, count in ((sizes < 1.4, 4), (sizes >= 1.4, int(22 * fine**2))):
        spread = centres[group, None] + sizes[group, None, None] * _ball(count)
        wheres.append(spread.reshape(-1, 3))
        masses.append(np.repeat(np.pi * sizes[group] ** 2 * reaches[group] / count, count))
    where, mass = np.concatenate(wheres), np.concatenate(masses)
    share = chest.grid.at(chest.lung, where)  # a vessel ends where the lung ends
    keep = share > 0.05
    return where[keep].astype(np.float32), (SOFT * (1 - body.lung) * mass * share)[keep].astype(np.float32)


def _targets(rng: np.random.Generator, chest: Chest, side: int, count: int) -> np.ndarray:
    """Points spread over one lung, `(count, 3)`."""
    grid = chest.grid
    found = np.zeros((0, 3))
    low = grid.origin
    high = low + grid.step * np.array(grid.shape[::-1])
    tries = 0
    while len(found) < count and tries < 12:
        drawn = rng.uniform(low, high, (count * 4, 3))
        drawn[:, 0] = side * np.abs(drawn[:, 0])
        found = np.concatenate([found, drawn[grid.at(chest.lung, drawn) > 0.9]])
        tries += 1
    return found[:count]


def _grow(
    rng: np.random.Generator,
    root: np.ndarray,
    targets: np.ndarray,
    unit: float,
    straight: float,
    points: list[np.ndarray],
    radii: list[np.ndarray],
    lengths: list[np.ndarray],
    fine: float,
) -> None:
    """Split the targets in two, walk part of the way towards each half, go on. `unit`: the radius to one target."""
    stack = [(root, root - [0, 0, 1], targets)]
    while stack:
        start, before, mine = stack.pop()
        count = len(mine)
        if count == 0:
            continue
        goal = mine.mean(0)
        if count == 1:
            parts = [mine]
        else:
            spread = mine - goal
            axis = spread[np.argmax((spread**2).sum(1))] + rng.normal(0, 4, 3)
            order = spread @ axis
            cut = np.quantile(order, rng.uniform(0.3, 0.7))
            parts = [mine[order <= cut], mine[order > cut]]
        for part in parts:
            if not len(part):
                continue
            middle = part.mean(0)
            way = middle - start
            share = 1.0 if len(part) == 1 else (0.3 + 0.2 * rng.random()) * straight * 1.5
            end = start + share * way + rng.normal(0, 0.04, 3) * np.linalg.norm(way)
            heading = (start - before) / max(np.linalg.norm(start - before), 1e-3)
            length = np.linalg.norm(end - start)
            bend = start + 0.45 * (end - start) + 0.16 * length * heading
            steps = max(int(length * fine / 1.2), 1)
            t = ((np.arange(steps) + rng.random()) / steps)[:, None]
            points.append((1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end)
            radius = max(unit * len(part) ** MURRAY, THINNEST)
            radii.append(radius * (1 - 0.18 * t[:, 0]))
            lengths.append(np.full(steps, length / steps))
            if len(part) > 1:
                stack.append((end, start, part))


def _ball(count: int) -> np.ndarray:
    """Points that fill a ball of radius 1 evenly, `(count, 3)`."""
    index = np.arange(count)
    around = index * np.pi * (3 - 5**0.5)
    height = 1 - 2 * ((index * 0.754877) % 1)
    flat = np.sqrt(1 - height**2)
    sphere = np.column_stack([flat * np.cos(around), flat * np.sin(around), height])
    return (sphere * (((index + 0.5) / count) ** (1 / 3))[:, None]).astype(np.float32)
