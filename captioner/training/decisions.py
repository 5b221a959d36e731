"""From the finding head's logits to decisions: thresholds, calibration and sides, chosen on validation studies.

Calibration is Platt's (1999, "Probabilistic Outputs for Support Vector Machines"): slope and offset of each
logit, held near 1 and 0 where there is little to learn them from. Neither changes the order of studies within a
finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.reports.findings import label_all
from captioner.training.examples import labels_of

if TYPE_CHECKING:
    from captioner.reports.collection import Report
    from captioner.reports.finding_labels import FindingLabels
    from captioner.training.examples import Example

SCALES = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)
POWERS = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8)
NEARLY_SURE = 0.99
QUIET = 0.5  # of the share of normal studies of which nothing is stated, see `worth`
RAISES = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
MIN_RATE = 0.002  # of a finding that training hardly has
SLOPE_PRIOR, OFFSET_PRIOR = 0.5, 3.0  # standard deviations of slope - 1 and of offset
PLACES_RIGHT = 0.85  # of the sides that the decoder is told
MIN_PLACES = 10
CANDIDATES = np.linspace(-3.0, 3.0, 25)


def thresholds(truth: np.ndarray, probabilities: np.ndarray, base_rates: np.ndarray) -> np.ndarray:
    """The least probability of each finding at which it is stated, `(K,)`: scale * base_rate ** power.

    Two numbers for all findings, since a few positives make each finding's own best threshold a matter of luck: those
    of SCALES and POWERS that are worth most, see `worth`.

    Args:
        truth: bool `(N, K)`, what each study's impression states.
        probabilities: `(N, K)`, calibrated.
        base_rates: `(K,)`, share of the training studies that state each.
    """
    rates = np.maximum(np.asarray(base_rates, np.float64), MIN_RATE)
    candidates = [np.minimum(scale * rates**power, NEARLY_SURE) for scale in SCALES for power in POWERS]
    return max(candidates, key=lambda cuts: worth(truth, probabilities >= cuts))


def raised(
    cuts: np.ndarray,
    studies: tuple[np.ndarray, np.ndarray],
    phantoms: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """The least probabilities `(K,)` raised where phantoms gain by it and validation studies lose nothing.

    A rare finding has a handful of validation studies, which leave open where its line is to be drawn: hundreds of
    phantoms, whose findings are known for certain, decide among the lines that are as good there. Each finding takes
    the lowest of RAISES times its own line that has the best F1 of phantoms, among those whose F1 of validation studies
    is no lower than without.

    Args:
        cuts: `(K,)`, see `thresholds`.
        studies, phantoms: each bool `(N, K)`, what is there, and calibrated probabilities `(N, K)`.

    >>> there, likely = np.array([[True], [False]]), np.array([[0.5], [0.1]])
    >>> raised(np.array([0.1]), (there, likely), (there, np.array([[0.4], [0.14]]))).round(3)
    array([0.15])
    """
    candidates = np.minimum(np.outer(RAISES, cuts), NEARLY_SURE)  # (R, K)
    on_studies, on_phantoms = (
        np.stack([_f1(truth, probabilities >= line) for line in candidates])
        for truth, probabilities in (studies, phantoms)
    )
    best = np.where(on_studies >= on_studies[0], on_phantoms, -1.0).argmax(axis=0)  # the lowest of equal ones
    return candidates[best, np.arange(len(cuts))]


def _f1(truth: np.ndarray, stated: np.ndarray) -> np.ndarray:
    """F1 of each finding `(K,)` from bool `(N, K)`; 0 where nothing is there and nothing is stated."""
    return np.asarray(2 * (truth & stated).sum(axis=0) / np.maximum(truth.sum(axis=0) + stated.sum(axis=0), 1))


def worth(truth: np.ndarray, stated: np.ndarray) -> float:
    """What a choice of stated findings is worth, 0 to 2.5.

    Macro F1 of the findings that `truth (N, K)` has, plus the balanced accuracy of stating any finding at all, plus
    QUIET times the share of normal studies of which nothing is stated: most studies are normal, and an impression that
    makes something up of one loses more than one that misses something.

    >>> worth(np.array([[True], [False]]), np.array([[True], [False]]))
    2.5
    """
    truth, stated = np.asarray(truth, bool), np.asarray(stated, bool)
    there = truth.any(axis=0)
    f1 = _f1(truth, stated)
    abnormal, called = np.asarray(truth.any(axis=1)), np.asarray(stated.any(axis=1))  # (N,) each
    sensitivity = float(called[abnormal].mean()) if abnormal.any() else 0.5
    specificity = float((~called)[~abnormal].mean()) if not abnormal.all() else 0.5
    return float((f1[there].mean() if there.any() else 0.0) + (sensitivity + specificity) / 2 + QUIET * specificity)


def platt(truth: np.ndarray, logits: np.ndarray, steps: int = 50) -> tuple[float, float]:
    """`(slope, offset)` of one finding, so that sigmoid(slope * logit + offset) is its frequency; slope above 0.

    The maximum of the posterior under the priors above, by Newton's method.
    """
    truth, logits = np.asarray(truth, np.float64), np.asarray(logits, np.float64)
    inputs = np.stack([logits, np.ones_like(logits)], axis=1)  # (N, 2)
    prior, width = np.array([1.0, 0.0]), np.array([SLOPE_PRIOR, OFFSET_PRIOR]) ** -2.0
    weights = prior.copy()
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (chances - truth) + width * (weights - prior)
        curve = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + np.diag(width)
        step = np.linalg.solve(curve, slope)
        weights = weights - step / max(1.0, np.abs(step).max())  # damped: far from the optimum Newton may leap
        if np.abs(step).max() < 1e-9:
            break
    return max(float(weights[0]), 0.05), float(weights[1])


def place_threshold(truth: np.ndarray, logits: np.ndarray) -> float:
    """The least logit at which a place is told, one number for a pair of places (left and right, or upper and lower).

    The lowest of CANDIDATES from which on PLACES_RIGHT of the pairs that are told anything are told rightly; where no
    candidate is as good, the one that comes nearest. Fewer than MIN_PLACES told say nothing of a candidate.

    Args:
        truth: `(M, 2)` of 0 and 1, the pairs of findings known to lie in one of the two places.
        logits: `(M, 2)`.
    """
    truth, logits = np.asarray(truth) > 0.5, np.asarray(logits, np.float64)
    shares = {}
    for candidate in CANDIDATES if len(truth) else ():
        told = logits >= candidate
        if told.any(axis=1).sum() >= MIN_PLACES:
            shares[float(candidate)] = float((told == truth).all(axis=1)[told.any(axis=1)].mean())
    if not shares:
        return 0.0
    good = [candidate for candidate, share in shares.items() if share >= PLACES_RIGHT]
    return min(good) if good else max(shares, key=lambda candidate: shares[candidate])


def rules_from(
    examples: Sequence[Example],
    outputs: Mapping[str, np.ndarray],
    reports: Mapping[str, Sequence[Report]],
    phantoms: int = 0,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`rules_of` what a network makes of the validation split, the studies with an impression first.

    Args:
        examples: N of them, with labels; the last `phantoms` of them are phantoms.
        outputs: `presence (N, K)` and `places (N, K, 4)`; padding may follow.
        reports: of "train" and "val".
    """
    stated, rates = (label_all([report.impression for report in reports[split]]) for split in ("val", "train"))
    count = len(examples) - phantoms
    labels, planted = labels_of(examples[:count]), labels_of(examples[count:])
    presence, places = outputs["presence"][:count], outputs["places"][:count]
    drawn = None
    if planted:
        there = np.stack([each.presence for each in planted]) > 0.5
        drawn = there, outputs["presence"][count : len(examples)]
    return rules_of(labels, presence, places, stated, rates.mean(axis=0), drawn)


def rules_of(
    labels: Sequence[FindingLabels],
    presence: np.ndarray,
    places: np.ndarray,
    stated: np.ndarray,
    base_rates: np.ndarray,
    phantoms: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rules of `captioner.models.finding_head.decide`, and what the configuration keeps beside them.

    Args:
        labels: of the validation studies.
        presence, places: the head's logits, `(N, K)` and `(N, K, 4)`.
        stated: bool `(M, K)`, which of the first M studies' impressions state each finding.
        base_rates: `(K,)`.
        phantoms: bool `(P, K)`, what each of P phantoms has, and the head's logits `(P, K)`; see `raised`.

    Returns:
        (rules, dict of `calibration` and `base_rates`).
    """
    count = len(stated)
    calibration = [platt(stated[:, finding], presence[:count, finding]) for finding in range(stated.shape[1])]
    slopes, offsets = np.array(calibration).T  # (K,) each

    def chances(logits: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(slopes * logits + offsets)))

    likely = chances(presence[:count])
    cuts = thresholds(stated, likely, base_rates)
    if phantoms is not None:
        planted, logits = phantoms
        cuts = raised(cuts, (stated, likely), (planted, chances(logits)))
    cuts = (np.log(cuts / (1 - cuts)) - offsets) / slopes  # as logits
    # Of the studies with an impression alone: it is in impressions that a place is told.
    known, places = np.stack([each.places for each in labels])[:count], places[:count]  # (M, K, 4) each
    told = []
    for first in (0, 2):
        truth, logits = known[..., first : first + 2], places[..., first : first + 2]
        rows = (truth >= 0).all(axis=-1) & ((truth > 0.5).sum(axis=-1) == 1)
        told.append(place_threshold(truth[rows], logits[rows]))
    rules = {"thresholds": [round(float(cut), 4) for cut in cuts], "side": told[0], "zone": told[1]}
    kept = {
        "calibration": [[round(slope, 4), round(offset, 4)] for slope, offset in calibration],
        "base_rates": [round(float(rate), 4) for rate in base_rates],
    }
    return rules, kept
