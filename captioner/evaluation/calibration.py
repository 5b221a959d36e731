"""How far probabilities can be believed: calibration and ranking of yes/no predictions. Pure functions of arrays."""

import numpy as np

from captioner.evaluation.bootstrap import draw, interval

BINS = 10


def reliability(probabilities: np.ndarray, truths: np.ndarray, bins: int = BINS) -> list[dict]:
    """What a reliability diagram shows: for equally wide bins how likely it said and how often it was so.

    Args:
        probabilities: float `(N,)`, 0 to 1.
        truths: bool `(N,)`.

    Returns:
        a dict for each bin: `low`, `high`, `count`, `probability` (the mean) and `rate` (the share of truths), the last
        two None for an empty bin.
    """
    place = _bin_of(probabilities, bins)
    table = []
    for number in range(bins):
        inside = place == number
        count = int(inside.sum())
        table.append(
            {
                "low": number / bins,
                "high": (number + 1) / bins,
                "count": count,
                "probability": float(np.mean(probabilities[inside])) if count else None,
                "rate": float(np.mean(truths[inside])) if count else None,
            }
        )
    return table


def expected_calibration_error(probabilities: np.ndarray, truths: np.ndarray, bins: int = BINS) -> float:
    """The mean distance between what was said and what was so, over equally wide bins weighed by their counts; 0 to 1.

    Source: Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.

    >>> float(round(expected_calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 1, 0, 1])), 3))
    0.25
    """
    place = _bin_of(probabilities, bins)
    said = np.bincount(place, np.asarray(probabilities, float), bins)
    so = np.bincount(place, np.asarray(truths, float), bins)
    return float(np.abs(said - so).sum() / len(place))


def calibration_interval(probabilities: np.ndarray, truths: np.ndarray, samples: int = 1000, seed: int = 0) -> dict:
    """The calibration error of `(studies, K)` predictions pooled over K, with its bootstrap interval over studies.

    Returns:
        `{"value", "low", "high"}`.
    """
    studies, count = probabilities.shape
    place = _bin_of(probabilities, BINS)
    gap = np.zeros((studies, BINS))
    np.add.at(gap, (np.repeat(np.arange(studies), count), place.ravel()), (probabilities - truths).ravel())
    draws = np.concatenate([np.ones((1, studies), np.int64), draw(studies, samples, seed)])
    errors = np.abs(draws @ gap).sum(axis=1) / (studies * count)
    return interval(errors[0], errors[1:])


def area_under_roc(scores: np.ndarray, truths: np.ndarray) -> float:
    """The share of (positive, negative) pairs ranked rightly, ties counting half (Mann-Whitney); NaN without any.

    >>> area_under_roc(np.array([0.9, 0.4, 0.5, 0.1]), np.array([True, True, False, False]))
    0.75
    """
    truths = np.asarray(truths, bool)
    better = np.asarray(scores)[truths][:, None] - np.asarray(scores)[~truths][None]
    return float(((better > 0) + 0.5 * (better == 0)).mean()) if better.size else float("nan")


def _bin_of(probabilities: np.ndarray, bins: int) -> np.ndarray:
    return np.clip((np.asarray(probabilities) * bins).astype(int), 0, bins - 1)
