"""What a generated impression is worth against the radiologist's: the reward of self-critical training.

CIDEr-D for the wording, and for the findings a linear form of macro F1. With F = 2 TP / (predicted + true) for one
finding, one more true positive raises F by (2 - F) / (predicted + true) and one more false positive lowers it by F /
(predicted + true): so a false alarm costs the share F / (2 - F) of a hit, and a finding counts the more, the rarer it
is.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from captioner.evaluation.cider import cider_d_each, rarity
from captioner.reports.findings import is_normal, label_all


class Rewards:
    """Rewards against a fixed set of references.

    Args:
        references: cleaned captions of the training; they say how rare each n-gram and each finding is.
        findings: what a hit of a finding of average rarity is worth, in units of CIDEr-D.
        normality: what telling normal from abnormal rightly is worth, in units of CIDEr-D, evened out between the two.
        false_alarm: what a false alarm costs, as a share of a hit; 0.25 is F / (2 - F) at F = 0.4.
        faithful: what stating all that the decoder was told and nothing else is worth, and what each finding more or
            less costs, in units of CIDEr-D.
        max_weight: how many times the average a rare finding may count at the most.
    """

    def __init__(
        self,
        references: Sequence[str],
        findings: float = 2.0,
        normality: float = 1.0,
        false_alarm: float = 0.25,
        max_weight: float = 4.0,
        faithful: float = 2.0,
    ) -> None:
        self.rarity = rarity(references)
        truth = label_all(references)  # (N, 13)
        counts = truth.sum(axis=0)
        weights = np.where(counts > 0, counts[counts > 0].mean() / np.maximum(counts, 1), 0.0)
        self.finding_weights = findings * np.minimum(weights, max_weight)  # (13,)
        self.false_alarm, self.faithful = false_alarm, faithful
        normal = is_normal(truth).mean()
        self.right = normality * 0.5 / np.maximum([1 - normal, normal], 1e-6)  # of an abnormal and of a normal study

    def each(self, references: Sequence[str], predictions: Sequence[str], told: Any = None) -> np.ndarray:
        """float64 `(studies,)`: the reward of each prediction against its one reference.

        Args:
            told: bool `(studies, 13)`, what the decoder was told, whose findings it is to state instead of the
            reference's.
        """
        truth, stated = label_all(references), label_all(predictions)  # (N, 13)
        if told is not None:
            faithful = (told == stated).all(axis=1) * self.faithful
            wrong = (told != stated).sum(axis=1) * self.faithful
            return cider_d_each(references, predictions, self.rarity) + faithful - wrong
        hits = (truth & stated) @ self.finding_weights
        alarms = (~truth & stated) @ self.finding_weights
        normal = is_normal(truth)
        agreed = (normal == is_normal(stated)) * self.right[normal.astype(int)]
        return cider_d_each(references, predictions, self.rarity) + hits - self.false_alarm * alarms + agreed
