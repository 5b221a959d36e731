"""Does a map lie on the finding? The pointing game, and the overlap with a mask after Otsu's threshold.

Sources: Zhang, Bargal, Lin, Brandt, Shen and Sclaroff, "Top-down neural attention by excitation backprop" (IJCV 2018),
section 4.1: the pointing game, with a margin of 15 pixels; Otsu, "A threshold selection method from gray-level
histograms" (1979), for a cut that no one has to choose; Saporta et al., "Benchmarking saliency methods for chest X-ray
interpretation" (2022), who judge chest maps by both; Wang et al., "Score-CAM" (2020), arXiv 1910.01279, section 4.2:
the share of the map inside, their energy-based pointing game.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from explain.heatmap import WHOLE

if TYPE_CHECKING:
    from explain.heatmap import Extent

MARGIN = 15 / 256  # of the picture's side
VIEWS = ("frontal", "lateral")


def argmax_location(values: np.ndarray, extent: Extent = WHOLE, fine: int = 256) -> tuple[float, float] | None:
    """Where one view's map is strongest, as shares of the picture's height and width; None for a flat map.

    Args:
        values: `(rows, columns)`.
        extent: the part of the picture that they lie over.
        fine: a coarse map is made this fine first, by a cubic as in Zhang et al.: its peak may lie between two cells.
    """
    values = np.asarray(values, np.float32)
    if not np.ptp(values) > 0:
        return None
    shape = [max(fine, length) for length in values.shape]
    smooth = cv2.resize(values, shape[::-1], interpolation=cv2.INTER_CUBIC)
    row, column = np.unravel_index(int(smooth.argmax()), smooth.shape)
    return (
        extent.top + (row + 0.5) / shape[0] * (extent.bottom - extent.top),
        extent.left + (column + 0.5) / shape[1] * (extent.right - extent.left),
    )


def widened(mask: np.ndarray, margin: float) -> np.ndarray:
    """A mask and all within `margin` (share of its height) around it: bool `(rows, columns)`."""
    reach = int(round(margin * mask.shape[0]))
    if not reach:
        return np.asarray(mask, bool)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate(np.asarray(mask, np.uint8), disc).astype(bool)


def pointing_game(
    values: np.ndarray, masks: Any, views: Sequence[Any] | np.ndarray, extent: Extent = WHOLE, margin: float = MARGIN
) -> dict[str, bool | None]:
    """The pointing game of one word.

    Args:
        values: `(2, rows, columns)`, of any sign.
        masks: bool `(2, H, W)`, where the finding lies.
        views: bool `(2,)`, which views there are.
        extent: of `values`.
        margin: how far beside the mask still counts, as a share of its height; 0 is the strict game.

    Returns:
        dict: "frontal" and "lateral", whether the view's strongest place lies on the finding (None where there is no
        view or no mask); "better", whether either does; "chosen", whether that of the view with the stronger peak
        does, which is what a reader who looks at the brightest spot sees. A flat map misses.
    """
    found: dict[str, bool | None] = {}
    strongest: dict[str, float] = {}
    for number, view in enumerate(VIEWS):
        found[view] = None
        if not views[number]:
            continue
        strongest[view] = float(np.max(values[number]))
        if masks[number].any():
            place = argmax_location(values[number], extent)
            found[view] = place is not None and _at(widened(masks[number], margin), place)
    defined = [hit for hit in found.values() if hit is not None]
    chosen = max(strongest, key=lambda view: strongest[view]) if strongest else None
    return {
        **found,
        "better": any(defined) if defined else None,
        # The brightest spot in a view that does not show the finding is a miss too.
        "chosen": None if not defined or chosen is None else bool(found[chosen]),
    }


def random_pointing(masks: Any, views: Sequence[Any] | np.ndarray, margin: float = MARGIN) -> dict[str, float | None]:
    """How likely a random place is to hit: as `pointing_game`, with probabilities; "chosen" draws the view, too."""
    there = [number for number in range(2) if views[number]]
    share = {VIEWS[number]: float(widened(masks[number], margin).mean()) for number in there if masks[number].any()}
    missed = np.prod([1 - each for each in share.values()])
    return {
        **{view: share.get(view) for view in VIEWS},
        "better": float(1 - missed) if share else None,
        "chosen": sum(share.values()) / len(there) if share else None,
    }


def otsu(values: np.ndarray) -> np.ndarray:
    """What of a map stands out: bool of its shape. Negative values count as 0; nothing stands out of a flat map."""
    values = np.maximum(np.asarray(values, np.float32), 0)
    if not np.ptp(values) > 0:
        return np.zeros(values.shape, bool)
    levels = np.round((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return levels > threshold


def iou(first: np.ndarray, second: np.ndarray) -> float | None:
    """Intersection over union of two masks, bool of one shape; None when both are empty."""
    union = np.logical_or(first, second).sum()
    return float(np.logical_and(first, second).sum() / union) if union else None


def ious(
    values: np.ndarray, masks: Any, views: Sequence[Any] | np.ndarray, extent: Extent = WHOLE
) -> dict[str, float | None]:
    """Overlap of one word's map with the finding; arguments as `pointing_game`.

    Returns:
        dict: "frontal", "lateral" (None where there is no view or no mask) and "better", the larger of the two.
    """
    found = {}
    for number, view in enumerate(VIEWS):
        mask = np.asarray(masks[number], bool)
        found[view] = (
            iou(otsu(stretched(values[number], mask.shape, extent)), mask) if (views[number] and mask.any()) else None
        )
    defined = [value for value in found.values() if value is not None]
    return {**found, "better": max(defined) if defined else None}


def mass_inside(values: np.ndarray, mask: np.ndarray, extent: Extent = WHOLE) -> float:
    """The share of all that is positive in one view's map that lies inside a mask, 0..1; 0 where nothing is positive.

    Args:
        values: `(rows, columns)`, of any sign.
        mask: bool `(H, W)`.
        extent: of `values`.
    """
    positive = np.maximum(stretched(values, np.shape(mask), extent), 0)
    total = float(positive.sum(dtype=np.float64))
    return float(positive[np.asarray(mask, bool)].sum(dtype=np.float64)) / total if total > 0 else 0.0


def stretched(values: np.ndarray, shape: tuple[int, int], extent: Extent = WHOLE) -> np.ndarray:
    """A map laid over a picture of `shape` (rows, columns), smooth, never beyond its range; 0 outside `extent`."""
    values = np.asarray(values, np.float32)
    top, bottom = (int(round(share * shape[0])) for share in (extent.top, extent.bottom))
    left, right = (int(round(share * shape[1])) for share in (extent.left, extent.right))
    laid = np.zeros(shape, np.float32)
    smooth = cv2.resize(values, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    laid[top:bottom, left:right] = np.clip(smooth, values.min(), values.max())
    return laid


def _at(mask: np.ndarray, place: tuple[float, float]) -> bool:
    return bool(mask[tuple(min(int(share * length), length - 1) for share, length in zip(place, mask.shape))])
