"""Studies mixed with each other while findings are learned, so that none is learned by heart.

Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization" (arXiv 1710.09412).
"""

from collections.abc import Sequence

import numpy as np

SPREAD = 0.4  # both parameters of the beta distribution that the shares are drawn from


def mix(
    inputs: dict[str, np.ndarray],
    answers: dict[str, np.ndarray],
    weights: dict[str, np.ndarray],
    often: float,
    draws: Sequence[np.random.Generator],
) -> None:
    """Mix some of a batch's studies with others of it that show the same views, in place.

    A mixed study has the larger share of one and the smaller of another: so have its pictures, and what is known of its
    findings where both are known. Where a finding lies is that of the larger part, and counts as much as its share.

    Args:
        inputs: `pictures (B, VIEWS, rows, columns, channels)` and `mask (B, VIEWS)`.
        answers: `findings (B, K)`, `presence (B, N)`, -1 where unknown, beside others.
        weights: `places (B,)` and `maps (B, N)`, what each counts, beside others.
        often: share of the studies that are mixed.
        draws: of each study its own generator.
    """
    pictures, mask = inputs["pictures"].copy(), inputs["mask"]
    weights["places"] = weights["places"].copy()  # not that of the presence, too
    known = {name: answers[name].copy() for name in ("findings", "presence")}
    for row, rng in enumerate(draws):
        chance, pick, drawn = rng.uniform(), rng.uniform(), rng.beta(SPREAD, SPREAD)
        alike = np.flatnonzero((mask == mask[row]).all(axis=1))
        alike = alike[alike != row]
        if chance >= often or not len(alike):
            continue
        other, share = alike[int(pick * len(alike))], np.float32(max(drawn, 1 - drawn))
        inputs["pictures"][row] = share * pictures[row] + (1 - share) * pictures[other]
        for name, values in known.items():
            both = (values[row] >= 0) & (values[other] >= 0)
            answers[name][row] = np.where(both, share * values[row] + (1 - share) * values[other], -1.0)
        weights["places"][row] *= share
        if "maps" in weights:
            weights["maps"][row] *= share
