"""From a grid of cells to a picture: geometry, scaling, colour and overlay.

panels/viewer/maps.js draws the same maps in the browser, by the same rules; a test in Chromium holds the two
together.
"""

from typing import NamedTuple

import cv2
import numpy as np

COLOURS = ("inferno", "viridis", "cividis")
"""Perceptually even colour maps on offer; cividis reads the same for most colour-blind eyes (Nunez et al. 2018)."""

EDGE = 0.25  # of the full strength: where the edge of a map is drawn

SCALES = ("word", "impression")


class Extent(NamedTuple):
    """The part of a picture that a grid covers: edges as fractions of the picture, 0..1, from its upper left."""

    top: float
    left: float
    bottom: float
    right: float


WHOLE = Extent(0.0, 0.0, 1.0, 1.0)


def scale(maps: np.ndarray, over: str = "word") -> np.ndarray:
    """Bring `maps` to 0..1 for display.

    Args:
        maps: `(words, views, rows, columns)`, non-negative. A word's views share one scale: they can be compared.
        over: "word" divides each word by its own largest cell: where did it look? "impression" divides every word by
            the largest cell of all: did it look anywhere in particular? A faint map then stays faint.

    Returns:
        float32 of the same shape, 0..1. A map that is zero everywhere stays zero.

    Raises:
        ValueError: `over` is neither of the two.
    """
    if over not in SCALES:
        raise ValueError(f"maps are scaled over one of {SCALES}, not {over!r}")
    maps = np.asarray(maps, np.float32)
    axes = (1, 2, 3) if over == "word" else (0, 1, 2, 3)
    largest = maps.max(axis=axes, keepdims=True, initial=0.0)
    return np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)


def _weights(pixels: int, cells: int, start: float, stop: float, smooth: bool) -> np.ndarray:
    """float32 `(pixels, cells)`: how much each cell colours each pixel along one axis; zero outside the extent."""
    centre = (np.arange(pixels) + 0.5) / pixels
    position = (centre - start) / (stop - start) * cells  # 0..cells across the covered part
    inside = (position >= 0) & (position < cells)
    weights = np.zeros((pixels, cells), np.float32)
    rows = np.flatnonzero(inside)
    if not smooth:
        weights[rows, np.floor(position[rows]).astype(int)] = 1
        return weights
    position = np.clip(position[rows] - 0.5, 0, cells - 1)  # cell centres at 0, 1, ...
    lower = np.floor(position).astype(int)
    step = (position - lower)[:, None]
    # The cubic through four neighbours that keeps each centre's exact value (Keys 1981, a = -1/2): a straight line
    # between centres would draw crosses and creases that the model never saw.
    cubic = np.hstack(
        [
            ((2 - step) * step - 1) * step / 2,
            ((3 * step - 5) * step * step + 2) / 2,
            ((4 - 3 * step) * step + 1) * step / 2,
            (step - 1) * step * step / 2,
        ]
    )  # (pixels, 4)
    for neighbour in range(4):
        np.add.at(weights, (rows, np.clip(lower + neighbour - 1, 0, cells - 1)), cubic[:, neighbour])
    return weights


def spread(grid: np.ndarray, shape: tuple[int, int], extent: Extent = WHOLE, smooth: bool = True) -> np.ndarray:
    """Stretch a grid of cells over a picture.

    The model saw the picture squashed to a square; the grid is stretched back, so a cell is as wide as the picture's
    own shape makes it.

    Args:
        grid: `(rows, columns)`.
        shape: `(rows, columns)` of the picture in pixels.
        extent: the part of the picture the grid lies over; pixels outside it get 0.
        smooth: blend between cell centres, or leave every cell flat.

    Returns:
        float32 of `shape`. The cubic may swing past its cells; it is held within their range, so that no place looks
        stronger than the strongest cell.
    """
    grid = np.asarray(grid, np.float32)
    rows = _weights(shape[0], grid.shape[0], extent.top, extent.bottom, smooth)
    columns = _weights(shape[1], grid.shape[1], extent.left, extent.right, smooth)
    covered = np.outer(rows.any(axis=1), columns.any(axis=1))
    return np.where(covered, np.clip(rows @ grid @ columns.T, grid.min(), grid.max()), 0).astype(np.float32)


def colour_table(name: str) -> np.ndarray:
    """uint8 `(256, 3)`: the red, green and blue of 256 even steps of one of COLOURS."""
    if name not in COLOURS:
        raise ValueError(f"the colour maps are {', '.join(COLOURS)}, not {name!r}")
    import matplotlib  # late: the page's start does not wait for it

    return np.round(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).astype(np.uint8)


def overlay(
    pixels: np.ndarray, heat: np.ndarray, colours: str = "inferno", opacity: float = 0.7, edge: bool = False
) -> np.ndarray:
    """Lay a heatmap over a grey picture.

    Strength drives colour and opacity together, so the picture stays untouched where the map is zero.

    Args:
        pixels: uint8 `(rows, columns)` grey.
        heat: `(rows, columns)`, 0..1; what is not finite counts as 0.
        colours: one of COLOURS.
        opacity: 0..1, that of the strongest heat.
        edge: draw a line where the heat passes EDGE. The middle of cividis is as grey as film, and vanishes without.

    Returns:
        uint8 `(rows, columns, 3)`.
    """
    heat = np.clip(np.nan_to_num(np.asarray(heat, np.float32), nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    colour = colour_table(colours)[np.round(heat * 255).astype(np.uint8)].astype(np.float32)
    alpha = (opacity * heat)[..., None]
    grey = np.asarray(pixels, np.float32)[..., None]
    painted = np.round(grey * (1 - alpha) + colour * alpha).astype(np.uint8)
    if edge:
        lines, _ = cv2.findContours((heat >= EDGE).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        width = max(round(max(painted.shape) / 260), 1)
        cv2.drawContours(painted, lines, -1, (0, 0, 0), 2 * width + 1)
        cv2.drawContours(painted, lines, -1, colour_table(colours)[-1].tolist(), width)
    return painted
