"""How good a finding head is: ranking, calibration, F1 at its thresholds, and what it is worth beside the words."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from captioner.caption import Finding
from captioner.checkpoint.how_often_right import borne_out
from captioner.evaluation.bootstrap import draw, interval
from captioner.evaluation.calibration import (
    area_under_roc,
    calibration_interval,
    expected_calibration_error,
    reliability,
)
from captioner.evaluation.finding_metrics import CHEXPERT, CHEXPERT_FIVE
from captioner.reports.claims import claims
from captioner.reports.findings import FINDINGS, label_all
from captioner.seen_and_written import Agreement, standings

GROUPS = {"all": FINDINGS, "chexpert": tuple(CHEXPERT), "five": CHEXPERT_FIVE}
MIN_POSITIVES = 5  # for an area that counts in a mean; one of fewer is a matter of luck


def head_scores(
    records: Sequence[Sequence[Finding]],
    references: Sequence[str],
    texts: Sequence[str],
    samples: int = 1000,
    seed: int = 0,
) -> dict:
    """All scores of a finding head.

    Args:
        records: for each study what `Captioner.findings` gives.
        references: cleaned captions, one a study; what they state is the truth.
        texts: the captions that the decoder wrote.
        samples, seed: of the bootstrap intervals, drawn by study.

    Returns:
        dict for JSON. `findings`: name -> `positives`, `auc`, `ece`, `f1` (`{"value", "low", "high"}`, at the
        threshold), `threshold`, `base_rate`, `seen` (studies above the threshold) and `reliability`. `auc`: group ->
        mean area over its findings with at least 5 positives, for "all", "chexpert" and "five". `ece`: pooled over all
        findings, with its interval; `reliability`: likewise. `agreement`: see `agreement_counts`.
    """
    probabilities = np.array([[record.probability for record in study] for study in records])  # (N, 13)
    thresholds = np.array([[record.threshold for record in study] for study in records])
    truths = label_all(references)  # (N, 13)
    seen = probabilities >= thresholds
    draws = np.concatenate([np.ones((1, len(records)), np.int64), draw(len(records), samples, seed)])
    findings = {}
    for number, name in enumerate(FINDINGS):
        truth, probability = truths[:, number], probabilities[:, number]
        findings[name] = {
            "positives": int(truth.sum()),
            "seen": int(seen[:, number].sum()),
            "threshold": float(thresholds[0, number]),
            "base_rate": records[0][number].base_rate,
            "auc": _or_none(area_under_roc(probability, truth)),
            "f1": _f1(truth, seen[:, number], draws),
            "ece": expected_calibration_error(probability, truth),
            "reliability": reliability(probability, truth),
        }
    return {
        "findings": findings,
        "auc": {group: _mean_area(findings, names) for group, names in GROUPS.items()},
        "ece": calibration_interval(probabilities, truths, samples, seed),
        "reliability": reliability(probabilities.ravel(), truths.ravel()),
        "agreement": agreement_counts(records, references, texts, draws),
    }


def agreement_counts(
    records: Sequence[Sequence[Finding]], references: Sequence[str], texts: Sequence[str], draws: np.ndarray
) -> dict[str, Any]:
    """How often each state between head and words occurs, and how often the reference bears it out.

    Args:
        records, references, texts: as of `head_scores`.
        draws: `(1 + samples, N)`, how often each study counts; ones first.

    Returns:
        dict: `states`, state -> `count`, and `right`, how many of them `captioner.checkpoint.how_often_right.borne_out`
        finds in the reference, with its share `{"value", "low", "high"}`; `sides_differ`, how many of "written, not
        seen" differ by side alone; `agree` and `disagree`, the same of findings that head and words both state, and
        that one of them alone does (whichever claims it), and `difference`, the first share minus the second.
    """
    names = [str(state) for state in Agreement]
    tallies = np.zeros((len(records), len(names), 2))  # right, all
    other_side = 0
    for number, (study, text, reference) in enumerate(zip(records, texts, references, strict=True)):
        wanted = claims(reference)
        for standing in standings(study, text):
            tallies[number, names.index(standing.agreement)] += borne_out(standing, wanted), 1
            other_side += standing.other_side
    sums = np.einsum("dn,nsk->dsk", draws.astype(float), tallies)  # (1 + samples, states, 2)
    apart = sums[:, [names.index(Agreement.UNWRITTEN), names.index(Agreement.UNSEEN)]].sum(axis=1)  # (1 + samples, 2)
    agree, disagree = _counted(sums[:, names.index(Agreement.BOTH)]), _counted(apart)
    return {
        "states": {name: _counted(sums[:, place])[0] for place, name in enumerate(names)},
        "sides_differ": other_side,
        "agree": agree[0],
        "disagree": disagree[0],
        "difference": _share(agree[1] - disagree[1]),
    }


def _counted(sums: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    """Right and all, `(1 + samples, 2)`, as counts and a share with its interval; and the shares, NaN of none."""
    share = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
    return {"count": int(sums[0, 1]), "right": int(sums[0, 0]), "share": _share(share)}, share


def _share(values: np.ndarray) -> dict[str, Any]:
    return interval(values[0], values[1:])


def _f1(truth: np.ndarray, seen: np.ndarray, draws: np.ndarray) -> Any:
    """F1 with its interval; None where the references never state the finding."""
    both, given, wanted = (draws @ part.astype(float) for part in (truth & seen, seen, truth))
    f1 = np.divide(2 * both, given + wanted, out=np.full(len(draws), np.nan), where=wanted > 0)
    return interval(f1[0], f1[1:])


def _mean_area(findings: Any, names: Any) -> Any:
    areas = [findings[name]["auc"] for name in names if findings[name]["positives"] >= MIN_POSITIVES]
    areas = [area for area in areas if area is not None]  # none where every study has the finding
    return float(np.mean(areas)) if areas else None


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else number
