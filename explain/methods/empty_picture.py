"""What a picture, or a part of it, is replaced with when an explanation asks what the model would say without it."""

from typing import Any

import cv2
import numpy as np

from captioner.images.preprocessing import standardise

KINDS = ("blurred", "black", "grey")
BLUR = 1 / 8  # standard deviation of the blur, as a share of the picture's side: a rib disappears, the exposure stays


def empty_pictures(pictures: np.ndarray, kind: str, preparation: dict[str, Any]) -> np.ndarray:
    """Pictures without content, in the numbers that the network takes.

    Args:
        pictures: float32 `(views, size, size, channels)`, prepared.
        kind: "blurred" keeps only light and dark over an eighth of the picture; "black" is grey level 0; "grey" gives
            each view its own mean.
        preparation: as in `captioner.images.preprocessing.prepare`.

    Returns:
        float32 of the same shape.

    Raises:
        ValueError: another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"an empty picture is one of {', '.join(KINDS)}, not {kind!r}")
    size = pictures.shape[1]
    if kind == "black":
        return np.tile(standardise(np.zeros((size, size), np.float32), preparation), (len(pictures), 1, 1, 1))
    if kind == "grey":
        return np.broadcast_to(pictures.mean(axis=(1, 2), keepdims=True), pictures.shape).copy()
    blurred = [cv2.GaussianBlur(picture, (0, 0), size * BLUR, borderType=cv2.BORDER_REFLECT) for picture in pictures]
    return np.stack(blurred).reshape(pictures.shape)  # OpenCV drops a single channel's axis
