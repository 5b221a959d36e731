"""What predicted impressions claim beside what the written ones do: sides, and sentences that are nonsense.

The judge of sides and denials is `captioner.reports.claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.evaluation.bootstrap import draw, interval
from captioner.reports.claims import claims, contradictions, side_of
from captioner.reports.findings import FINDINGS, SIDED
from captioner.reports.statements import empty_sentences, repetitions

if TYPE_CHECKING:
    from captioner.reports.claims import Claim

OUTCOMES = ("right", "wrong", "no_side", "not_stated")


@dataclass(frozen=True)
class Nonsense:
    """How many of a set of texts have each fault.

    Attributes:
        repeated: a sentence twice.
        contradictory: a finding stated and denied, see `captioner.reports.claims.contradictions`.
        empty: a sentence that states nothing, or no word at all.
        cut_off: broken off by the length limit; None where that is not known.
        texts: number of texts.
    """

    repeated: int
    contradictory: int
    empty: int
    cut_off: int | None
    texts: int

    def as_dict(self) -> dict[str, int | None]:
        return asdict(self)


def nonsense(texts: Sequence[str], ended: Sequence[bool] | None = None) -> Nonsense:
    """Count the faults of cleaned captions.

    Args:
        texts: the captions.
        ended: whether each ended by itself.
    """
    return Nonsense(
        repeated=sum(bool(repetitions(text)) for text in texts),
        contradictory=sum(bool(contradictions(claims(text))) for text in texts),
        empty=sum(bool(empty_sentences(text)) for text in texts),
        cut_off=None if ended is None else sum(not each for each in ended),
        texts=len(texts),
    )


def side_rows(references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """What becomes of each finding whose reference names exactly one side: int64 `(studies, 13, 4)` of OUTCOMES.

    A finding that the prediction places on both sides counts as wrong.
    """
    rows = np.zeros((len(references), len(FINDINGS), len(OUTCOMES)), np.int64)
    for study, (reference, prediction) in enumerate(zip(references, predictions, strict=True)):
        wanted, given = claims(reference), claims(prediction)
        for finding in SIDED:
            side = side_of(wanted, finding)
            if side in ("left", "right"):
                rows[study, FINDINGS.index(finding), OUTCOMES.index(_outcome(given, finding, side))] = 1
    return rows


def _outcome(given: list[Claim], finding: str, side: Any) -> Any:
    if not any(claim.finding == finding and not claim.denied for claim in given):
        return "not_stated"
    other = side_of(given, finding)
    return "no_side" if other is None else "right" if other == side else "wrong"


def side_agreement(references: Sequence[str], predictions: Sequence[str], samples: int = 1000, seed: int = 0) -> dict:
    """How often a prediction names the side that the reference names.

    Returns:
        dict for JSON: the four OUTCOMES as counts; `right_share`, right of those that get a side, and `sided_share`,
        those that get a side of all, each `{"value", "low", "high"}` with the interval of bootstrap samples of
        studies; `findings`, name -> its counts, for the findings that have any.
    """
    rows = side_rows(references, predictions)
    sums = np.concatenate([np.ones((1, len(rows)), np.int64), draw(len(rows), samples, seed)]) @ rows.sum(axis=1)
    right, wrong = sums[:, 0].astype(float), sums[:, 1].astype(float)
    everything = sums.sum(axis=1).astype(float)
    shares = {"right_share": (right, right + wrong), "sided_share": (right + wrong, everything)}
    total = rows.sum(axis=0)  # (13, 4)
    counts: dict[str, Any] = {name: int(count) for name, count in zip(OUTCOMES, total.sum(axis=0))}
    for name, (part, whole) in shares.items():
        share = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
        counts[name] = interval(share[0], share[1:])
    counts["findings"] = {
        finding: {name: int(count) for name, count in zip(OUTCOMES, total[number])}
        for number, finding in enumerate(FINDINGS)
        if total[number].any()
    }
    return counts
