"""Pulmonary vessels: trees that fill the lungs from the hila, as beads.

A tree is split where its targets split: the branch to n of them has a radius in proportion to n^(1/2.8), close to
Murray's law (1926), so that flow and calibre agree from the hilum to the last twig.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

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
    branches: list[_Branch] = []
    for side in (-1, 1):
        drawn = _targets(rng, chest, side, 640)
        roots = [
            (np.array([side * 30, y, arch + 44 + 4 * side * -1]), 0.62, 7.6, drawn[:400]),  # artery
            (np.array([side * 22, y - 4, arch + 70]), 0.5, 6.0, drawn[400:]),
        ]  # veins enter lower
        for root, straight, radius, targets in roots:
            unit = radius * body.vessel / max(len(targets), 1) ** MURRAY
            branches += _grown(rng, root, targets, unit, straight, fine)
    centres, sizes, reaches = _sampled(branches)
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


class _Branch(NamedTuple):
    """A curved piece of a tree: from `start` by way of `bend` to `end`, mm, and where it is sampled."""

    start: np.ndarray
    bend: np.ndarray
    end: np.ndarray
    steps: int  # samples
    shift: float  # of all samples, in samples, 0 to 1
    radius: float
    length: float


def _grown(
    rng: np.random.Generator, root: np.ndarray, targets: np.ndarray, unit: float, straight: float, fine: float
) -> list[_Branch]:
    """Split the targets in two, walk part of the way towards each half, go on. `unit`: the radius to one target."""
    branches: list[_Branch] = []
    stack = [(root, root - [0, 0, 1], targets, targets.mean(0))] if len(targets) else []
    while stack:
        start, before, mine, goal = stack.pop()
        heading = start - before
        heading = heading / max(_norm(heading), 1e-3)
        for part in _halves(rng, mine, goal):
            middle = np.add.reduce(part, 0) / len(part)
            way = middle - start
            share = 1.0 if len(part) == 1 else (0.3 + 0.2 * rng.random()) * straight * 1.5
            end = start + share * way + rng.normal(0, 0.04, 3) * _norm(way)
            length = _norm(end - start)
            bend = start + 0.45 * (end - start) + 0.16 * length * heading
            steps = max(int(length * fine / 1.2), 1)
            radius = max(unit * len(part) ** MURRAY, THINNEST)
            branches.append(_Branch(start, bend, end, steps, rng.random(), radius, length))
            if len(part) > 1:
                stack.append((end, start, part, middle))
    return branches


def _halves(rng: np.random.Generator, targets: np.ndarray, goal: np.ndarray) -> list[np.ndarray]:
    """Targets `(N, 3)` in two parts, across the direction of the one that is farthest from their middle, `goal`."""
    count = len(targets)
    if count == 1:
        return [targets]
    spread = targets - goal
    axis = spread[np.argmax((spread**2).sum(1))] + rng.normal(0, 4, 3)
    order = spread @ axis
    last = int(rng.uniform(0.3, 0.7) * (count - 1))  # of the first part
    first = order <= np.partition(order, last)[last]
    return [part for part in (targets[first], targets[~first]) if len(part)]


def _sampled(branches: Sequence[_Branch]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points on branches `(N, 3)`, the vessel's radius at each and the length that it stands for, `(N,)`, mm."""
    starts, bends, ends, steps, shifts, radii, lengths = map(np.array, zip(*branches))
    which = np.repeat(np.arange(len(branches)), steps)
    number = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)  # of each point on its branch
    t = ((number + shifts[which]) / steps[which])[:, None]
    points = (1 - t) ** 2 * starts[which] + 2 * t * (1 - t) * bends[which] + t**2 * ends[which]
    return points, radii[which] * (1 - 0.18 * t[:, 0]), (lengths / steps)[which]


def _norm(vector: np.ndarray) -> float:
    return math.sqrt(vector.dot(vector))


def _ball(count: int) -> np.ndarray:
    """Points that fill a ball of radius 1 evenly, `(count, 3)`."""
    index = np.arange(count)
    around = index * np.pi * (3 - 5**0.5)
    height = 1 - 2 * ((index * 0.754877) % 1)
    flat = np.sqrt(1 - height**2)
    sphere = np.column_stack([flat * np.cos(around), flat * np.sin(around), height])
    return (sphere * (((index + 0.5) / count) ** (1 / 3))[:, None]).astype(np.float32)
