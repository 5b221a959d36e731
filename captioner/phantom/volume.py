"""A box of voxels inside the chest, and solids with soft edges in it.

Occupancy is 0 outside, 1 inside, and a ramp one voxel wide at the surface, so that projections have no steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from captioner.phantom.projection import Detector


class Grid:
    """Voxel centres between two corners, mm.

    Attributes:
        step: mm between centres along (x, y, z).
        origin: the first centre, (x, y, z).
        shape: `(nz, ny, nx)`.
        x, y, z: float32 centres, shaped `(1, 1, nx)`, `(1, ny, 1)`, `(nz, 1, 1)`.
    """

    def __init__(self, low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray, step: Any) -> None:
        counts = [max(int(np.ceil((b - a) / s)), 2) for a, b, s in zip(low, high, step)]
        self.step = np.asarray(step, float)
        self.origin = np.asarray(low, float) + self.step / 2
        self.shape = tuple(counts[::-1])
        self._axes = [(self.origin[i] + self.step[i] * np.arange(counts[i])).astype(np.float32) for i in range(3)]
        self.x, self.y, self.z = self._axes[0][None, None], self._axes[1][None, :, None], self._axes[2][:, None, None]
        self.edge = float(self.step.max())

    def empty(self) -> np.ndarray:
        return np.zeros(self.shape, np.float32)

    def box(
        self, low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray
    ) -> tuple[tuple[slice, slice, slice], np.ndarray, np.ndarray, np.ndarray] | None:
        """Slices (z, y, x) of the voxels between two corners, and their x, y, z; None when there are none."""
        where = [
            slice(*np.searchsorted(axis, (a - self.edge, b + self.edge))) for axis, a, b in zip(self._axes, low, high)
        ]
        if any(part.start >= part.stop for part in where):
            return None
        x, y, z = where
        return (z, y, x), self.x[:, :, x], self.y[:, y], self.z[z]

    def at(self, volume: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The volume's values at the voxels nearest to points `(N, 3)`; 0 outside."""
        index = np.rint((points - self.origin) / self.step).astype(np.int32)
        inside = ((index >= 0) & (index < self.shape[::-1])).all(1)
        values = np.zeros(len(points), np.float32)
        x, y, z = index[inside].T
        values[inside] = volume[z, y, x]
        return values

    def project(self, detector: Detector, volume: np.ndarray) -> np.ndarray:
        """Line integrals of the volume in both views, float32 `(2, size, size)`."""
        frontal = volume.sum(1) * np.float32(self.step[1])  # (nz, nx)
        lateral = volume.sum(2) * np.float32(self.step[0])  # (nz, ny)
        return np.stack(
            [
                detector.image(view, plane, self.origin[[view, 2]], self.step[[view, 2]])
                for view, plane in enumerate((frontal, lateral))
            ]
        )


def soft(distance: np.ndarray, edge: float) -> np.ndarray:
    """Occupancy from a signed distance in mm, negative inside; `edge` is the ramp's width."""
    return np.clip(0.5 - distance / edge, 0, 1)


def add_ellipsoid(grid: Grid, occupancy: np.ndarray, centre: Any, radii: Any, axes: Any | None = None) -> None:
    """Unite an ellipsoid with `occupancy`; `axes` as in projection.ellipsoid."""
    axes = np.eye(3) if axes is None else np.asarray(axes, float)
    reach = np.sqrt((axes**2 * np.asarray(radii)[:, None] ** 2).sum(0))
    found = grid.box(centre - reach, centre + reach)
    if found is None:
        return
    where, x, y, z = found
    x, y, z = x - np.float32(centre[0]), y - np.float32(centre[1]), z - np.float32(centre[2])
    square = 0
    for axis, radius in zip(axes.astype(np.float32), radii):
        square = square + ((axis[0] * x + axis[1] * y + axis[2] * z) / np.float32(radius)) ** 2
    distance = (np.sqrt(square) - 1) * np.float32(min(radii))
    np.maximum(occupancy[where], soft(distance, grid.edge), out=occupancy[where])


def add_tube(
    grid: Grid,
    occupancy: np.ndarray,
    points: np.ndarray | Sequence[Sequence[float]],
    radii: np.ndarray | Sequence[float],
) -> None:
    """Unite a chain of round cones with `occupancy`: `points` `(N, 3)`, a radius at each."""
    for start, end, first, last in zip(points[:-1], points[1:], radii[:-1], radii[1:]):
        start, end = np.asarray(start, float), np.asarray(end, float)
        reach = max(first, last)
        found = grid.box(np.minimum(start, end) - reach, np.maximum(start, end) + reach)
        if found is None:
            continue
        where, x, y, z = found
        axis = (end - start).astype(np.float32)
        x, y, z = x - np.float32(start[0]), y - np.float32(start[1]), z - np.float32(start[2])
        share = np.clip((x * axis[0] + y * axis[1] + z * axis[2]) / np.float32(max(axis @ axis, 1e-6)), 0, 1)
        distance = np.sqrt((x - share * axis[0]) ** 2 + (y - share * axis[1]) ** 2 + (z - share * axis[2]) ** 2)
        distance -= np.float32(first) + np.float32(last - first) * share
        np.maximum(occupancy[where], soft(distance, grid.edge), out=occupancy[where])


def waves(
    rng: np.random.Generator, grid_box: tuple[np.ndarray, np.ndarray, np.ndarray], length: float, count: int = 14
) -> np.ndarray:
    """Smooth noise, about -2 to 2 with deviation 1, of wavelengths about `length` mm over a box's x, y, z."""
    x, y, z = grid_box
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), np.float32)
    wave, other = np.empty_like(total), np.empty_like(total)
    for _ in range(count):
        k = rng.normal(size=3)
        k *= 2 * np.pi / (length * rng.uniform(0.6, 1.7) * np.linalg.norm(k))
        phase = np.exp(1j * rng.uniform(0, 2 * np.pi))
        plane = (np.exp(1j * k[0] * x) * phase * np.exp(1j * k[1] * y)).astype(np.complex64)
        third = np.exp(1j * k[2] * z).astype(np.complex64)
        # The real part of plane * third, in memory that is there already and without a complex number per voxel.
        np.multiply(np.ascontiguousarray(plane.real), third.real, out=wave)
        np.multiply(np.ascontiguousarray(plane.imag), third.imag, out=other)
        wave -= other
        total += wave
    return total * np.float32(np.sqrt(2 / count))
