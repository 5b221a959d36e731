"""From a study's views, in the shape of their files, to the squares of numbers that a checkpoint was trained on."""

from typing import Any, NamedTuple

import cv2
import numpy as np

from captioner.errors import BadInput
from captioner.images.study import Study

NAMES = ("area", "seed")
MISSING_LATERAL = ("mask", "repeat")
CHANNELS = (1, 3)


class Prepared(NamedTuple):
    """A study as an encoder takes it.

    Attributes:
        pictures: float32 `(2, size, size, channels)`, the frontal first.
        mask: bool `(2,)`, which of the two the decoder may attend to.
    """

    pictures: np.ndarray
    mask: np.ndarray


def prepare(study: Study, preparation: dict[str, Any]) -> Prepared:
    """Prepare both views for an encoder.

    Args:
        study: `captioner.images.study.Study`.
        preparation: the dictionary of that name in a checkpoint's config.json:
            `name`: "area" (default) squashes a view to a square by `squashed`, "seed" by `nearest`, as the system did
            that this project grew from;
            `size`: pixels along the square's sides;
            `channels`: 1 (default), or 3 that are the same;
            `mean`, `std`: subtracted from the values in 0..1, and what they are then divided by, one number or one
            a channel (default 0 and 1);
            `missing_lateral`: "mask" (default) gives zeros and a mask of False, "repeat" gives the frontal view again.

    Returns:
        Prepared, which is also a tuple `(pictures, mask)`.

    Raises:
        BadInput: the dictionary asks for something that is not known.
    """
    check(preparation)
    size, channels = preparation["size"], preparation.get("channels", 1)
    resize = nearest if preparation.get("name", "area") == "seed" else squashed
    pictures = np.zeros((2, size, size, channels), np.float32)
    mask = np.array([True, study.lateral is not None])
    for place, view in enumerate(study.views):
        pictures[place] = standardise(resize(view.pixels, size), preparation)
    if study.lateral is None and preparation.get("missing_lateral", "mask") == "repeat":
        pictures[1], mask[1] = pictures[0], True
    return Prepared(pictures, mask)


def standardise(pixels: np.ndarray, preparation: dict[str, Any]) -> np.ndarray:
    """Scale the grey levels of a square as a checkpoint wants them.

    Args:
        pixels: uint8, or float32 in 0..255, `(size, size)`.
        preparation: as in `prepare`; `channels`, `mean` and `std` are used.

    Returns:
        float32 `(size, size, channels)`.
    """
    mean = np.asarray(preparation.get("mean", 0.0), np.float32)
    std = np.asarray(preparation.get("std", 1.0), np.float32)
    grey = pixels.astype(np.float32)[..., None] / np.float32(255)  # (size, size, 1)
    grey = np.broadcast_to(grey, (*pixels.shape, preparation.get("channels", 1)))  # (size, size, channels)
    return (grey - mean) / std


def check(preparation: dict[str, Any]) -> None:
    """Refuse a dictionary that `prepare` would not understand.

    Raises:
        BadInput: names the setting.
    """

    def refuse(setting: str, expected: str) -> None:
        raise BadInput(f"The checkpoint's preparation has an unusable {setting}: {expected}.")

    if not isinstance(preparation, dict):
        raise BadInput("The checkpoint's preparation is not a dictionary of settings.")
    size = preparation.get("size")
    if type(size) is not int or not 32 <= size <= 1024:
        refuse("size", "a whole number from 32 to 1024 is needed")
    if preparation.get("name", "area") not in NAMES:
        refuse("name", f"one of {', '.join(NAMES)} is needed")
    channels = preparation.get("channels", 1)
    if channels not in CHANNELS:
        refuse("channels", "1 or 3 is needed")
    if preparation.get("missing_lateral", "mask") not in MISSING_LATERAL:
        refuse("missing_lateral", f"one of {', '.join(MISSING_LATERAL)} is needed")
    for setting, default in (("mean", 0.0), ("std", 1.0)):
        try:
            numbers = np.asarray(preparation.get(setting, default), np.float64)
        except (TypeError, ValueError):
            numbers = np.array(np.nan)
        if numbers.shape not in ((), (channels,)) or not np.isfinite(numbers).all():
            refuse(setting, "one number, or one a channel, is needed")
        if setting == "std" and not (numbers > 0).all():
            refuse(setting, "it must be greater than 0")


def squashed(pixels: np.ndarray, size: int) -> np.ndarray:
    """Squash a view to a square: area averages where it shrinks, linear interpolation where it grows.

    The result is rounded to whole grey levels, because training keeps its pictures that way.

    Args:
        pixels: uint8 `(rows, columns)`.
        size: pixels along each side of the square.

    Returns:
        uint8 `(size, size)`.
    """
    rows, columns = pixels.shape
    # One axis may shrink while the other grows; OpenCV's area method only averages where both shrink.
    smaller = cv2.resize(pixels, (min(columns, size), min(rows, size)), interpolation=cv2.INTER_AREA)
    return cv2.resize(smaller, (size, size), interpolation=cv2.INTER_LINEAR)


def nearest(pixels: np.ndarray, size: int) -> np.ndarray:
    """Resize to a square as `cv2.resize(..., interpolation=cv2.INTER_NEAREST)` does, which the seed called.

    Output pixel i takes input pixel floor(i * length / size): it starts from the pixels' corners, not from their
    centres as PIL, scikit-image and TensorFlow do, and only so the seed's recorded answers come out. The factor is
    computed in doubles the way OpenCV does, `1 / (size / length)`: for a few lengths (36, 204, 232, ... to 224) that
    falls just short of a whole number where the exact fraction reaches it.

    Args:
        pixels: array `(rows, columns, ...)`.
        size: pixels along each side of the square.

    Returns:
        the same type, `(size, size, ...)`.
    """

    def taken(length: int) -> np.ndarray:
        return np.floor(np.arange(size) * (1 / (size / length))).astype(np.intp)

    return pixels[taken(pixels.shape[0])][:, taken(pixels.shape[1])]
