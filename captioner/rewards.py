"""What a generated impression is worth against the radiologist's: the reward of self-critical training.

CIDEr-D for the wording, and for the findings a linear form of macro F1. With F = 2 TP / (predicted + true) for one finding, one
more true positive raises F by (2 - F) / (predicted + true) and one more false positive lowers it by F / (predicted + true): so
a false alarm costs the share F / (2 - F) of a hit, and a finding counts the more, the rarer it is.
"""

import numpy as np

from captioner.cider import cider_d_each, rarity
from captioner.findings import is_normal, label_all


class Rewards:
    """Rewards against a fixed set of references.

    Args:
        references: cleaned captions of the training; they say how rare each n-gram and each finding is.
        findings: what a hit of a finding of average rarity is worth, in units of CIDEr-D.
        normality: what telling normal from abnormal rightly is worth, in units of CIDEr-D, evened out between the two.
        false_alarm: what a false alarm costs, as a share of a hit; 0.25 is F / (2 - F) at F = 0.4.
        most: how many times the average a rare finding may count at the most.
    """

    def __init__(self, references, findings=2.0, normality=1.0, false_alarm=0.25, most=4.0):
        self.rarity = rarity(references)
        truth = label_all(references)  # (N, 13)
        counts = truth.sum(axis=0)
        weights = np.where(counts > 0, counts[counts > 0].mean() / np.maximum(counts, 1), 0.0)
        self.finding_weights = findings * np.minimum(weights, most)  # (13,)
        self.false_alarm = false_alarm
        normal = is_normal(truth).mean()
        self.right = normality * 0.5 / np.maximum([1 - normal, normal], 1e-6)  # of an abnormal and of a normal study

    def each(self, references, predictions):
        """float64 `(studies,)`: the reward of each prediction against its one reference."""
        truth, stated = label_all(references), label_all(predictions)  # (N, 13)
        hits = (truth & stated) @ self.finding_weights
        alarms = (~truth & stated) @ self.finding_weights
        normal = is_normal(truth)
        agreed = (normal == is_normal(stated)) * self.right[normal.astype(int)]
        return cider_d_each(references, predictions, self.rarity) + hits - self.false_alarm * alarms + agreed
