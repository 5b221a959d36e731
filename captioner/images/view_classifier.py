"""Does a chest X-ray look frontal or lateral? A small logistic regression, enough to notice views that were swapped.

A frontal view is nearly its own mirror image, a lateral is not. So the picture, shrunk to 16 x 16 and standardised,
is folded along its vertical axis: the mean of each pixel and its mirror image tells what is there, their distance how
lopsided it is. A mirrored picture gives the same features, so it does not matter which way a lateral faces.

The coefficients in `view_classifier.json` were fitted to the even-numbered studies of the Indiana University
collection; the odd-numbered ones measure it (`captioner.images.view_classifier_fit`): of 1,513 pairs placed rightly
none was called swapped, and of the same pairs swapped 98.6% were.
"""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np

SIDE = 16  # pixels
COEFFICIENTS = Path(__file__).with_name("view_classifier.json")

SURE_SWAPPED = 0.75  # probability asked of each view before both are called swapped: two witnesses
SURE_ALONE = 0.95  # probability asked of a frontal view without a lateral: one witness


def features(pixels: np.ndarray) -> np.ndarray:
    """What the judge looks at.

    Args:
        pixels: uint8 or float32 `(rows, columns)`, any shape.

    Returns:
        float64 `(257,)`: the folded mean `(16, 8)`, the folded distance `(16, 8)` and a constant 1.
    """
    small = cv2.resize(np.asarray(pixels, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    small = (small - small.mean()) / (small.std() + 1)
    mirrored = small[:, ::-1]
    half = np.s_[:, : SIDE // 2]
    return np.concatenate([((small + mirrored) / 2)[half].ravel(), (abs(small - mirrored) / 2)[half].ravel(), [1.0]])


def lateral_probability(pixels: np.ndarray) -> float:
    """Probability, 0 to 1, that a chest X-ray `(rows, columns)` is a lateral view. Says nothing of other pictures."""
    score = features(pixels) @ coefficients()
    return float(1 / (1 + np.exp(-np.clip(score, -50, 50))))


@cache
def coefficients() -> np.ndarray:
    """float64 `(257,)`, as they are in `view_classifier.json`."""
    return np.array(json.loads(COEFFICIENTS.read_text()), np.float64)
