"""The hypotheses of a search: read back from what it leaves step by step, and ranked with the length penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ALTERNATIVES = 5
ALTERNATIVE_FIELDS = ("alternatives", "alternative_log_probs", "alternatives_barred")
FAR_BELOW = -1e9  # a log probability that no token can have


@dataclass(frozen=True)
class Trace:
    """What a search leaves behind, steps first. W hypotheses, T steps taken, A alternatives, P cells.

    Attributes:
        tokens: int32 `(T, W)`, the token that each place of the beam took.
        parents: int32 `(T, W)`, the place of the step before that it continues.
        log_probs: float32 `(T, W)`, the log probability of that token.
        ended: bool `(T, W)`, whether the place held a finished hypothesis before this step (its token is padding).
        totals: float32 `(W,)`, log probability of each final hypothesis; below -1e8 where the beam was never filled.
        alternatives: int32 `(T, W, A)`, the likeliest tokens; alternative_log_probs: float32 alike.
        alternatives_barred: bool `(T, W, A)`, which of them the rules for sentences kept from being chosen.
        attention: float32 `(T, W, P)`.
    """

    tokens: np.ndarray
    parents: np.ndarray
    log_probs: np.ndarray
    ended: np.ndarray
    totals: np.ndarray
    alternatives: np.ndarray
    alternative_log_probs: np.ndarray
    alternatives_barred: np.ndarray
    attention: np.ndarray


@dataclass(frozen=True)
class Sequence:
    """One hypothesis of a search, or a forced text. n tokens, the end token among them when it ended.

    Attributes:
        tokens: int `(n,)`.
        log_probs: float32 `(n,)`.
        alternatives, alternative_log_probs, alternatives_barred: `(n, A)`.
        attention: float32 `(n, P)`.
        ended: whether the last token is the end token.
        score: log probability over `n ** length_penalty`.
    """

    tokens: np.ndarray
    log_probs: np.ndarray
    alternatives: np.ndarray
    alternative_log_probs: np.ndarray
    alternatives_barred: np.ndarray
    attention: np.ndarray
    ended: bool
    score: float


def ranked(trace: Trace, length_penalty: float, end: int) -> tuple[Sequence, ...]:
    """The hypotheses that a search left, best score first.

    Args:
        trace: of the search.
        length_penalty: see `Sequence.score`.
        end: id of the end token.
    """
    sequences = [
        walk_back(trace, place, length_penalty, end)
        for place in range(len(trace.totals))
        if trace.totals[place] > FAR_BELOW / 10
    ]
    return tuple(sorted(sequences, key=lambda sequence: -sequence.score))


def walk_back(trace: Trace, place: int, length_penalty: float, end: int) -> Sequence:
    """The hypothesis that ends at `place` of the last step, followed back to its first token."""
    path = []
    for step in range(len(trace.tokens) - 1, -1, -1):
        if not trace.ended[step, place]:
            path.append((step, place))
        place = trace.parents[step, place]
    rows, columns = np.array(path[::-1]).T
    tokens, log_probs = trace.tokens[rows, columns], trace.log_probs[rows, columns]
    total = float(log_probs.sum())
    return Sequence(
        tokens,
        log_probs,
        trace.alternatives[rows, columns],
        trace.alternative_log_probs[rows, columns],
        trace.alternatives_barred[rows, columns],
        trace.attention[rows, columns],
        ended=int(tokens[-1]) == end,
        score=total / len(tokens) ** length_penalty,
    )
