"""How the coefficients of `captioner.images.view_classifier` were fitted and measured. To do it again:

    python -m captioner.images.view_classifier_fit ../shared/iu-xray

The even-numbered studies are fitted, the odd-numbered ones measured; ten seconds on one core.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from captioner.images import view_classifier
from captioner.images.view_classifier import SURE_ALONE, SURE_SWAPPED, features, lateral_probability
from captioner.reports.collection import read_collection

PENALTY = 3e-4  # of the squared coefficients, per picture
VARIATIONS = 3  # shifted, stretched and darkened copies of each picture that the fit sees too
NEWTON_STEPS = 15


def varied(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A copy of `pixels` as another operator might have taken it: shifted, stretched, framed, of another contrast.

    Args:
        pixels: uint8 `(rows, columns)`.
        random: `numpy.random.Generator`.
    """
    rows, columns = pixels.shape
    across, down = random.uniform(0.85, 1.2, 2)
    right, below = random.uniform(-0.08, 0.08, 2) * (columns, rows)
    matrix = np.array(
        [[across, 0, columns / 2 * (1 - across) + right], [0, down, rows / 2 * (1 - down) + below]], np.float32
    )
    border = cv2.BORDER_CONSTANT if random.random() < 0.5 else cv2.BORDER_REPLICATE
    moved = cv2.warpAffine(pixels, matrix, (columns, rows), borderMode=border)
    return (255 * (moved / 255.0) ** random.uniform(0.6, 1.6)).astype(np.float32)


def fit(pictures: Sequence[np.ndarray], laterals: Sequence[int], seed: int = 0) -> np.ndarray:
    """Fit the logistic regression by Newton's method.

    Args:
        pictures: list of uint8 `(rows, columns)`.
        laterals: bool for each: whether it is a lateral view.
        seed: of the variations.

    Returns:
        float64 `(257,)`, the coefficients of `features`.
    """
    random = np.random.default_rng(seed)
    rows = [features(pixels) for pixels in pictures]
    for _ in range(VARIATIONS):
        rows += [features(varied(pixels, random)) for pixels in pictures]
    design = np.array(rows)  # (examples, 257)
    truth = np.tile(np.asarray(laterals, np.float64), VARIATIONS + 1)  # (examples,)
    penalty = np.full(design.shape[1], PENALTY * len(design))
    penalty[-1] = 0  # the constant
    weights = np.zeros(design.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -50, 50)))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        weights -= np.linalg.solve(curvature, design.T @ (chance - truth) + penalty * weights)
    return weights


def measure(studies: Sequence[Any]) -> dict[str, Any]:
    """Rates of right and wrong notices.

    Args:
        studies: list of `(frontal, lateral)` lists of pictures, uint8 `(rows, columns)`, as rightly placed.

    Returns:
        dict: `accuracy` over single pictures; `pairs`, the number of frontal and lateral of one study; `false_swap` and
        `found_swap`, the shares of pairs called swapped when placed rightly and wrongly; `false_alone` and
        `found_alone`, the shares of frontal and of lateral pictures called lateral when given alone.
    """
    chance = [[[lateral_probability(p) for p in view] for view in study] for study in studies]
    frontal = np.array([value for study in chance for value in study[0]])
    lateral = np.array([value for study in chance for value in study[1]])
    pairs = np.array([(f, s) for study in chance for f in study[0] for s in study[1]])  # (pairs, 2)
    return {
        "accuracy": float(np.concatenate([frontal < 0.5, lateral >= 0.5]).mean()),
        "pairs": len(pairs),
        "false_swap": float(((pairs[:, 0] > SURE_SWAPPED) & (pairs[:, 1] < 1 - SURE_SWAPPED)).mean()),
        "found_swap": float(((pairs[:, 1] > SURE_SWAPPED) & (pairs[:, 0] < 1 - SURE_SWAPPED)).mean()),
        "false_alone": float((frontal > SURE_ALONE).mean()),
        "found_alone": float((lateral > SURE_ALONE).mean()),
    }


def read_pictures(folder: str | Path, odd: bool) -> list[Any]:
    """`measure`'s list of studies: those of the collection in `folder` whose uid is odd, or even."""
    return [
        [[cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths] for paths in (report.frontal, report.lateral)]
        for report in read_collection(folder).reports
        if int(report.uid) % 2 == odd
    ]


def main(folder: str | Path) -> None:
    """Fit to the even studies, keep the coefficients, print what the odd studies say."""
    studies = read_pictures(folder, odd=False)
    pictures = [pixels for study in studies for view in study for pixels in view]
    laterals = [lateral for study in studies for lateral, view in enumerate(study) for _ in view]
    weights = [round(float(weight), 4) for weight in fit(pictures, laterals)]
    view_classifier.COEFFICIENTS.write_text(json.dumps(weights) + "\n")
    view_classifier.coefficients.cache_clear()
    print(json.dumps(measure(read_pictures(folder, odd=True)), indent=2))


if __name__ == "__main__":
    main(sys.argv[1])
