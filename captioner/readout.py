"""From a network's numbers to what a caller is handed: words of a caption, findings of a head. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from captioner import conditions
from captioner.caption import Alternative, Finding, Hypothesis, Word
from captioner.reports.findings import FINDINGS, SIDED

if TYPE_CHECKING:
    from captioner.decoding import hypotheses
    from captioner.vocabulary import Vocabulary


def hypothesis(
    sequence: hypotheses.Sequence,
    vocabulary: Vocabulary,
    grid: tuple[int, int] | None,
    texts: Sequence[str] | None = None,
) -> Hypothesis:
    """What a search found, or was made to write, as a Hypothesis.

    Args:
        sequence: tokens with their numbers; the end token last where it ended.
        vocabulary: that the tokens are of.
        grid: rows and columns of the attention over one view; None of a network without attention.
        texts: the words as they were given; those of the vocabulary when None.
    """

    def text(token: int) -> str:
        return "<end>" if token == vocabulary.end else vocabulary.word(int(token))

    words = []
    for place in range(len(sequence.tokens) - int(sequence.ended)):
        token = int(sequence.tokens[place])
        alternatives = tuple(
            Alternative(text(other), int(other), float(log_prob), bool(barred))
            for other, log_prob, barred in zip(
                sequence.alternatives[place],
                sequence.alternative_log_probs[place],
                sequence.alternatives_barred[place],
            )
        )
        attention = None
        if grid is not None:
            attention = np.asarray(sequence.attention[place], np.float32).reshape(-1, *grid)  # (views, rows, columns)
        words.append(
            Word(
                texts[place] if texts else text(token),
                token,
                float(sequence.log_probs[place]),
                alternatives,
                attention,
            )
        )
    end = float(sequence.log_probs[-1]) if sequence.ended else None
    return Hypothesis(tuple(words), float(sequence.log_probs.sum()), end, float(sequence.score))


def findings(
    found: Mapping[str, np.ndarray],
    grid: tuple[int, int],
    thresholds: Sequence[float],
    calibration: Sequence[tuple[float, float]],
    base_rates: Sequence[float | None],
) -> tuple[Finding, ...]:
    """What a finding head says of each of `FINDINGS`, in their order.

    Args:
        found: of one study: `presence (13,)` and `places (13, 4)`, logits; `maps`, evidence of the cells of both views;
            `view_evidence (13, 2)`; `told`, the conditions that the decoder is given, empty where it is given none.
        grid: rows and columns of one view's map.
        thresholds: logits from which a finding counts as stated.
        calibration: `(slope, offset)` of each: slope * logit + offset are the log odds of the probability.
        base_rates: share of the training studies that state each; None where it is not known.
    """
    maps = found["maps"].reshape(len(FINDINGS), -1, *grid)
    told = conditions.described(found["told"], None) or (None,) * len(FINDINGS)
    made = []
    for number, (name, (slope, offset), condition) in enumerate(zip(FINDINGS, calibration, told)):
        left, right = (_sigmoid(logit) for logit in found["places"][number, :2])
        made.append(
            Finding(
                name=name,
                probability=_sigmoid(slope * found["presence"][number] + offset),
                threshold=_sigmoid(slope * thresholds[number] + offset),
                stated=bool(found["presence"][number] >= np.float32(thresholds[number])),
                side_probabilities=(left, right) if name in SIDED else None,
                side=condition.side if condition else None,
                zone=condition.zone if condition else None,
                map=maps[number],
                evidence=found["view_evidence"][number],
                base_rate=base_rates[number],
            )
        )
    return tuple(made)


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.float64(logit))))
