"""Which way round does a chest X-ray lie: as they are hung, mirrored, or can that not be told?

Heart, stomach bubble and aortic arch make a frontal view lopsided, spine and breastbone a lateral one. So the picture
is shrunk to 16 x 16 and standardised, and the difference of each pixel and its mirror image is weighed by a logistic
regression without a constant: the mirrored picture gets the opposite score by construction.

The coefficients in `orientation.json` were fitted to the even-numbered studies of the Indiana University collection;
the odd-numbered ones measure it (`captioner.images.orientation_fit`): 2.1% of 1,612 frontal pictures as they hang
were called mirrored, and 88% of the same pictures mirrored were. It is a doubt to be voiced, and no proof.
"""

import json
from functools import cache
from pathlib import Path

import cv2
import numpy as np

SIDE = 16  # pixels
COEFFICIENTS = Path(__file__).with_name("orientation.json")
USUAL, MIRRORED, UNKNOWN = "usual", "mirrored", "unknown"

DOUBT = 0.3  # probability of the usual way round under which a frontal view is suspected to be mirrored
SURE = 0.7  # probability asked of a lateral view, which may well have been taken from the other side
LOPSIDED = 0.5  # length of the features under which a picture is its own mirror image


def features(pixels: np.ndarray) -> np.ndarray:
    """How each pixel of the left half differs from its mirror image.

    Args:
        pixels: uint8 or float32 `(rows, columns)`, any shape.

    Returns:
        float64 `(128,)`; the mirrored picture has the same numbers with the other sign.
    """
    small = cv2.resize(np.asarray(pixels, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    small = (small - small.mean()) / (small.std() + 1)
    return ((small - small[:, ::-1]) / 2)[:, : SIDE // 2].ravel()


def usual_probability(pixels: np.ndarray, view: str) -> float:
    """Probability, 0 to 1, that a view `(rows, columns)` is not mirrored; a lateral view's usual way is facing left."""
    score = features(pixels) @ coefficients()[view]
    return float(1 / (1 + np.exp(-np.clip(score, -50, 50))))


def orientation(pixels: np.ndarray, view: str) -> str:
    """Which way round a picture seems to lie.

    Args:
        pixels: uint8 `(rows, columns)`.
        view: "frontal" or "lateral"; what follows a comma in it does not count.

    Returns:
        USUAL: the patient's right on the left of a frontal view; a lateral view that faces left. MIRRORED: the other
        way round. UNKNOWN: the picture does not show it.
    """
    view = view.split(",")[0]
    if np.linalg.norm(features(pixels)) < LOPSIDED:
        return UNKNOWN
    probability = usual_probability(pixels, view)
    if view == "frontal":
        return MIRRORED if probability < DOUBT else USUAL
    return USUAL if probability >= SURE else MIRRORED if probability <= 1 - SURE else UNKNOWN


@cache
def coefficients() -> dict[str, np.ndarray]:
    """float64 `(128,)` for each view, as they are in `orientation.json`."""
    stored = json.loads(COEFFICIENTS.read_text())
    return {view: np.array(weights, np.float64) for view, weights in stored.items()}
