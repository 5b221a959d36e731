"""From attenuation to what a detector sees: line integrals along two axes, in closed form, over voxels or over beads.

Beer-Lambert: behind a path the beam has the intensity I = I0 exp(-integral of mu ds). All parts of the body add up in
the integral, so every function here returns one (its attenuation, no unit), and `transmitted` is the law itself.
Beams are parallel: along y for the frontal view, along x for the lateral one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

SOFT = 0.0195  # per mm: soft tissue at the mean energy behind a chest
CORTEX = 0.030  # per mm, bone over soft tissue
SPONGIOSA = 0.0058  # per mm, over soft tissue
FRONTAL, LATERAL = 0, 1


def transmitted(attenuation: np.ndarray) -> np.ndarray:
    """Share of the beam that arrives, exp(-attenuation)."""
    return np.exp(-attenuation)


@dataclass(frozen=True)
class Detector:
    """Where the two views lie: one affine map each from millimetres to pixels.

    Attributes:
        size: pixels along both sides of a picture.
        maps: float64 `(2, 2, 3)`; view -> matrix that takes (x, z) or (y, z) in mm, and 1, to (column, row).
    """

    size: int
    maps: np.ndarray

    @classmethod
    def facing(cls, size: int, centres: npt.ArrayLike, fields: npt.ArrayLike, angles: Sequence[float]) -> Self:
        """`centres` `(2, 2)`: mm in each picture's middle; `fields` `(2, 2)`: mm wide and high; `angles`: degrees."""
        maps = []
        for centre, field, angle in zip(np.asarray(centres, float), np.asarray(fields, float), np.radians(angles)):
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            linear = np.diag(size / field) @ turn
            maps.append(np.column_stack([linear, (size - 1) / 2 - linear @ centre]))
        return cls(size, np.array(maps))

    def scale(self, view: int) -> float:
        """mm of a pixel's side, geometric mean."""
        return float(abs(np.linalg.det(self.maps[view][:, :2])) ** -0.5)

    def place(self, view: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points `(N, 3)` in mm -> columns and rows, float `(N,)` each."""
        flat = points[:, [view, 2]]  # x or y, and z
        linear, shift = self.maps[view][:, :2].astype(np.float32), self.maps[view][:, 2].astype(np.float32)
        out = flat @ linear.T + shift
        return out[:, 0], out[:, 1]

    def image(self, view: int, plane: np.ndarray, origin: np.ndarray, step: np.ndarray) -> np.ndarray:
        """A plane of line integrals `(nz, nx or ny)` on a grid in mm -> float32 `(size, size)`.

        `origin`: mm of the first sample's centre, (x or y, z); `step`: mm between samples.
        """
        linear = self.maps[view][:, :2] @ np.diag(step)
        shift = self.maps[view][:, :2] @ np.asarray(origin) + self.maps[view][:, 2]
        return cv2.warpAffine(plane, np.column_stack([linear, shift]), (self.size, self.size), flags=cv2.INTER_CUBIC)

    def pixels(
        self, view: int, low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray
    ) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray] | None:
        """Slices of the picture that hold a box in mm, and the mm (h, z) at their pixels' centres; None when outside.

        `low`, `high`: (x or y, z) of the box.
        """
        corners = np.array([[h, z, 1] for h in (low[0], high[0]) for z in (low[1], high[1])]) @ self.maps[view].T
        first = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
        last = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, self.size)
        if (first >= last).any():
            return None
        columns, rows = np.arange(first[0], last[0]), np.arange(first[1], last[1])
        inverse = np.linalg.inv(self.maps[view][:, :2])
        column, row = np.meshgrid(columns - self.maps[view][0, 2], rows - self.maps[view][1, 2])
        h = inverse[0, 0] * column + inverse[0, 1] * row
        z = inverse[1, 0] * column + inverse[1, 1] * row
        return (slice(first[1], last[1]), slice(first[0], last[0])), h.astype(np.float32), z.astype(np.float32)


def ellipsoid(
    detector: Detector,
    centre: np.ndarray | Sequence[float],
    radii: np.ndarray | Sequence[float],
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Chord lengths in mm through an ellipsoid, float32 `(2, size, size)`, in closed form.

    Args:
        centre, radii: mm, `(3,)`.
        axes: rows are the unit vectors of the radii; the coordinate axes when left out.

    For points p + s d inside x'Ax <= 1 the chord is 2 sqrt(b^2 - a c) / a with a = d'Ad, b = d'Ap, c = p'Ap - 1.
    A sphere of radius r at distance t from the beam gives 2 sqrt(r^2 - t^2).
    """
    axes = np.eye(3) if axes is None else np.asarray(axes, float)
    form = axes.T @ np.diag(1 / np.asarray(radii, float) ** 2) @ axes
    reach = np.sqrt(np.diag(np.linalg.inv(form)))
    chords = np.zeros((2, detector.size, detector.size), np.float32)
    for view in (FRONTAL, LATERAL):
        low = [centre[view] - reach[view], centre[2] - reach[2]]
        high = [centre[view] + reach[view], centre[2] + reach[2]]
        found = detector.pixels(view, low, high)
        if found is None:
            continue
        where, h, z = found
        # What is hardly larger than a pixel is averaged over the pixel, or it could fall between two.
        fine = 4 if min(radii) < 2 * detector.scale(view) else 1
        inverse = np.linalg.inv(detector.maps[view][:, :2])
        for offset in np.ndindex(fine, fine):
            aside, down = inverse @ ((np.array(offset) + 0.5) / fine - 0.5) - np.asarray(centre)[[view, 2]]
            chords[view][where] += _chord(form, view, h + np.float32(aside), z + np.float32(down)) / fine**2
    return chords


def _chord(form: np.ndarray, view: int, h: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The chord through x'Ax <= 1 of the beam at (h, z) mm from its centre."""
    along = 1 - view  # the beam's axis: y for the frontal view, x for the lateral one
    a = form[along, along]
    b = form[along, view] * h + form[along, 2] * z
    c = form[view, view] * h * h + 2 * form[view, 2] * h * z + form[2, 2] * z * z - 1
    return 2 * np.sqrt(np.maximum(b * b - a * c, 0)) / a


def beads(
    detector: Detector,
    points: np.ndarray,
    mass: np.ndarray,
    into: np.ndarray | None = None,
    views: Sequence[int] = (FRONTAL, LATERAL),
) -> np.ndarray:
    """Line integrals of many small beads, float32 `(2, size, size)`; tubes and shells are made of them.

    Args:
        points: `(N, 3)` mm.
        mass: `(N,)` attenuation times volume, mm^2 (1/mm times mm^3).
        into: pictures to add to.
        views: the views to fill.

    A bead's mass is shared among its four nearest pixels and divided by the pixel's area, so the sum over the picture
    times that area is the mass.
    """
    size = detector.size
    pictures = np.zeros((2, size, size), np.float32) if into is None else into
    points, mass = np.asarray(points, np.float32), np.asarray(mass, np.float32)
    for view in views:
        column, row = detector.place(view, points)
        keep = (column > 0) & (row > 0) & (column < size - 1) & (row < size - 1)
        column, row, weight = column[keep], row[keep], mass[keep] / detector.scale(view) ** 2
        left, top = column.astype(np.int32), row.astype(np.int32)
        column, row = column - left, row - top
        corner = top * size + left
        index = np.concatenate([corner, corner + 1, corner + size, corner + size + 1])
        lower, upper = weight * row, weight * (1 - row)
        share = np.concatenate([upper * (1 - column), upper * column, lower * (1 - column), lower * column])
        pictures[view] += np.bincount(index, share, size * size).reshape(size, size).astype(np.float32)
    return pictures
