"""How well the findings of predicted impressions agree with those of the written ones. Pure functions of captions.

Each score is a ratio of sums of one row of numbers per study, see `captioner.evaluation.text_metrics`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from captioner.reports.findings import FINDINGS, is_normal, label_all

# Finding -> the observation of CheXpert (Irvin et al., AAAI 2019) that it is nearest to. Ours are wider in places: an
# airspace opacity is CheXpert's lung opacity, consolidation or pneumonia, and bone more than a fracture.
CHEXPERT = {
    "cardiomegaly": "Cardiomegaly",
    "effusion": "Pleural Effusion",
    "pneumothorax": "Pneumothorax",
    "airspace opacity": "Consolidation",
    "atelectasis": "Atelectasis",
    "edema or congestion": "Edema",
    "nodule or mass": "Lung Lesion",
    "bone": "Fracture",
    "device": "Support Devices",
}
# The five that papers report.
CHEXPERT_FIVE = ("atelectasis", "cardiomegaly", "airspace opacity", "edema or congestion", "effusion")


def finding_rows(references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """What the finding scores are made of, a study a row.

    Returns:
        float64 `(studies, 3 * 13 + 4)`: per finding whether it is stated in both texts (13 columns), only in the
        prediction (13), only in the reference (13); then whether the reference is abnormal, whether both are, whether
        the reference is normal, whether both are.
    """
    wanted, given = label_all(references), label_all(predictions)
    normal, called_normal = is_normal(wanted), is_normal(given)
    sides = np.stack([~normal, ~normal & ~called_normal, normal, normal & called_normal], axis=1)
    return np.concatenate([wanted & given, ~wanted & given, wanted & ~given, sides], axis=1).astype(float)


def finding_scores_from(sums: np.ndarray) -> dict[str, Any]:
    """Precision, recall and F1 per finding from summed `finding_rows`.

    Args:
        sums: float `(..., 43)`; leading axes are bootstrap samples.

    Returns:
        dict of float arrays. `precision`, `recall`, `f1`: `(..., 13)`; NaN where nothing was predicted (precision) or
        where the references never state the finding (recall, F1). `macro_f1`, `macro_precision`, `macro_recall`:
        `(...)`, the mean over the findings that the references state at least once, a finding never predicted
        counting with precision 0. `micro_precision`, `micro_recall`, `micro_f1`: `(...)`, over all decisions pooled.
        `chexpert_macro_f1`, `chexpert_micro_f1`, `five_macro_f1`, `five_micro_f1`: `(...)`, F1 over those of the
        findings that have a counterpart in CheXpert, and over the five that its papers report.
        `balanced_accuracy`: `(...)`, the mean of the share of abnormal studies called abnormal and of normal studies
        called normal; NaN when the references hold only one kind.
    """
    count = len(FINDINGS)
    both, extra, missed, sides = np.split(np.asarray(sums, dtype=float), [count, 2 * count, 3 * count], axis=-1)
    stated = both + missed > 0
    precision, recall = _ratio(both, both + extra), _ratio(both, both + missed)
    f1 = np.where(stated, _ratio(2 * both, 2 * both + extra + missed), np.nan)
    pooled = [part.sum(axis=-1) for part in (both, extra, missed)]
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "macro_precision": _mean_over(np.nan_to_num(precision), stated),
        "macro_recall": _mean_over(np.nan_to_num(recall), stated),
        "macro_f1": _mean_over(np.nan_to_num(f1), stated),
        "micro_precision": np.nan_to_num(_ratio(pooled[0], pooled[0] + pooled[1])),
        "micro_recall": _ratio(pooled[0], pooled[0] + pooled[2]),
        "micro_f1": _ratio(2 * pooled[0], 2 * pooled[0] + pooled[1] + pooled[2]),
        **{f"{name}_f1": value for name, value in _groups(both, extra, missed).items()},
        "balanced_accuracy": (_ratio(sides[..., 1], sides[..., 0]) + _ratio(sides[..., 3], sides[..., 2])) / 2,
    }


def _groups(both: np.ndarray, extra: np.ndarray, missed: np.ndarray) -> Any:
    """`{group}_{macro|micro}` -> F1 `(...)` over the findings of a group."""
    scores = {}
    for group, names in (("chexpert", CHEXPERT), ("five", CHEXPERT_FIVE)):
        chosen = [FINDINGS.index(name) for name in names]
        hits, more, less = (part[..., chosen] for part in (both, extra, missed))
        f1 = _ratio(2 * hits, 2 * hits + more + less)
        scores[f"{group}_macro"] = _mean_over(np.nan_to_num(f1), hits + less > 0)
        sums = [part.sum(axis=-1) for part in (hits, more, less)]
        scores[f"{group}_micro"] = _ratio(2 * sums[0], 2 * sums[0] + sums[1] + sums[2])
    return scores


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is zero."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def _mean_over(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return _ratio((values * chosen).sum(axis=-1), chosen.sum(axis=-1).astype(float))


def macro_f1(references: Sequence[str], predictions: Sequence[str]) -> float:
    """Mean F1 over the findings that the references state at least once, 0 to 1; NaN when they state none."""
    return float(finding_scores_from(finding_rows(references, predictions).sum(axis=0))["macro_f1"])


def balanced_accuracy(references: Sequence[str], predictions: Sequence[str]) -> float:
    """Balanced accuracy of normal against abnormal impressions, 0 to 1; NaN when the references are all of one kind."""
    return float(finding_scores_from(finding_rows(references, predictions).sum(axis=0))["balanced_accuracy"])
