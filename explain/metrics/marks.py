"""Where readers point: the marks of many as a heatmap of one view.

A reader's mark is a point. Laid down as a Gaussian, the sum of many is a kernel density estimate (Parzen, "On
estimation of a probability density function and mode", 1962), as heatmaps of gaze are; its width is the margin of the
pointing game. Whether a mark lies on a finding is `explain.metrics.marked_place`'s question.
"""

from collections.abc import Sequence

import numpy as np

from explain.metrics.localisation import MARGIN
from explain.metrics.marked_place import Point

CELLS = 40
"""Cells of a heatmap of marks along either side of the picture: half a Gaussian's standard deviation each."""


def mark_density(
    points: Sequence[Point], shape: tuple[int, int], cells: int = CELLS, spread: float = MARGIN
) -> np.ndarray:
    """The marks on one view as a heatmap.

    Args:
        points: one a reader.
        shape: `(rows, columns)` of the picture: a mark is as round as the picture shows it.
        cells: along either side of the picture.
        spread: standard deviation of a mark, as a share of the picture's height.

    Returns:
        float32 `(cells, cells)` over the whole picture, summing to the number of points: a mark at the edge counts as
        much as one in the middle.
    """
    centres = (np.arange(cells) + 0.5) / cells
    rows, columns = shape
    found = np.zeros((cells, cells))
    for across, down in points:
        vertical = np.exp(-0.5 * ((centres - down) / spread) ** 2)
        horizontal = np.exp(-0.5 * ((centres - across) / (spread * rows / columns)) ** 2)
        mark = np.outer(vertical, horizontal)
        found += mark / mark.sum()
    return found.astype(np.float32)
