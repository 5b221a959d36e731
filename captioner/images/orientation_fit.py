"""How the coefficients of `captioner.images.orientation` were fitted and measured. To do it again:

    python -m captioner.images.orientation_fit ../shared/iu-xray

The even-numbered studies are fitted, the odd-numbered ones measured; a minute on one core. Nobody has marked which
pictures of the collection are mirrored: frontal ones are taken to hang as they should. Some lateral ones were taken
from the other side, so that fit is repeated, each time with the sides that the last one saw (self-training).
"""

import json
import sys

import numpy as np

from captioner.images import orientation
from captioner.images.orientation import DOUBT, features, usual_probability
from captioner.images.view_classifier_fit import read_pictures, varied

PENALTY = 3e-3  # of the squared coefficients, per picture
VARIATIONS = 2  # shifted, stretched and darkened copies of each picture that the fit sees too
NEWTON_STEPS = 15
ROUNDS = {"frontal": 1, "lateral": 4}


def fit(pictures: list[np.ndarray], rounds: int = 1, seed: int = 0) -> np.ndarray:
    """Fit the logistic regression by Newton's method.

    Args:
        pictures: uint8 `(rows, columns)` each, most of them the usual way round.
        rounds: fits, one after the other; from the second on, each picture counts for the side that it was seen on.
        seed: of the variations.

    Returns:
        float64 `(128,)`, the coefficients of `features`.
    """
    random = np.random.default_rng(seed)
    rows = [features(pixels) for pixels in pictures]
    rows += [features(varied(pixels, random)) for _ in range(VARIATIONS) for pixels in pictures]
    design = np.array(rows)  # (examples, 128)
    penalty = np.full(design.shape[1], PENALTY * len(design))
    weights = np.zeros(design.shape[1])
    for number in range(rounds):
        truth = np.ones(len(design)) if number == 0 else (design @ weights > 0).astype(float)
        weights = np.zeros(design.shape[1])
        for _ in range(NEWTON_STEPS):
            chance = 1 / (1 + np.exp(-np.clip(design @ weights, -50, 50)))
            curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
            weights -= np.linalg.solve(curvature, design.T @ (chance - truth) + penalty * weights)
    return weights


def measure(pictures: dict[str, list[np.ndarray]]) -> dict[str, float]:
    """Rates of frontal pictures called mirrored, as they hang and mirrored, and how the lateral ones face."""
    frontal = np.array([usual_probability(pixels, "frontal") for pixels in pictures["frontal"]])
    found = [orientation.orientation(pixels, "lateral") for pixels in pictures["lateral"]]
    return {
        "frontal": len(frontal),
        "called_mirrored": float((frontal < DOUBT).mean()),
        "found_mirrored": float((1 - frontal < DOUBT).mean()),
        "lateral": len(found),
        **{f"lateral_{name}": found.count(name) / len(found) for name in ("usual", "mirrored", "unknown")},
    }


def _by_view(folder: str, odd: bool) -> dict[str, list[np.ndarray]]:
    studies = read_pictures(folder, odd=odd)
    return {
        view: [pixels for study in studies for pixels in study[number]]
        for number, view in enumerate(("frontal", "lateral"))
    }


def main(folder: str) -> None:
    """Fit to the even studies, keep the coefficients, print what the odd studies say."""
    fitted = {
        view: [round(float(weight), 4) for weight in fit(pictures, ROUNDS[view])]
        for view, pictures in _by_view(folder, odd=False).items()
    }
    orientation.COEFFICIENTS.write_text(json.dumps(fitted) + "\n")
    orientation.coefficients.cache_clear()
    print(json.dumps(measure(_by_view(folder, odd=True)), indent=2))


if __name__ == "__main__":
    main(sys.argv[1])
