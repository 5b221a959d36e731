"""A beam search as the tree it was: which hypotheses branched off where, and why each of them was dropped.

A hypothesis of step t is dropped when no place of step t + 1 continues it. Then every one of its continuations was less
likely than the last open one that was kept there, because the beam keeps the likeliest of them all; that bar is what a
reader can compare its own log probability with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from captioner.decoding.hypotheses import Trace
    from captioner.vocabulary import Vocabulary


@dataclass(frozen=True)
class Branch:
    """A stretch of tokens that no other hypothesis shares the middle of, and what became of it.

    Attributes:
        tokens: int ids of the stretch; empty only for the root.
        step: how many tokens lead from the root to its end.
        total: log probability of all these tokens.
        fate: "branched" (see children), "finished" (with the end token), "open" (cut off at the length limit) or
            "dropped".
        rank: place in the final ranking, 1 for the best, of a finished or open one; else None.
        score: what the ranking went by, log probability over length to the power of the penalty; None where rank is.
        bar: for a dropped one, log probability of the last open hypothesis that was kept at the next step; else None.
        children: the branches that go on from it, likeliest first.
    """

    tokens: tuple[int, ...]
    step: int
    total: float
    fate: str
    rank: int | None = None
    score: float | None = None
    bar: float | None = None
    children: tuple[Branch, ...] = ()

    def leaves(self) -> list[Branch]:
        """All branches that end, itself when it does."""
        return [leaf for child in self.children for leaf in child.leaves()] if self.children else [self]


def grow(trace: Trace, vocabulary: Vocabulary, length_penalty: float) -> Branch:
    """The tree of a `captioner.decoding.hypotheses.Trace`.

    Args:
        trace: of the search; T steps, W places.
        vocabulary: Vocabulary; hypotheses that hold padding, start or the unknown token only filled places, and are
            left out.
        length_penalty: exponent that the final ranking used.

    Returns:
        the root Branch.
    """
    totals, real = _totals(trace, vocabulary)  # (T, W) both
    steps = len(trace.tokens)
    goes_on: list[list[tuple[int, Any]]] = [
        [] for _ in range(steps + 1)
    ]  # step -> (parent, place) of what is open or ends there
    for step in range(steps):
        goes_on[step] = [
            (int(trace.parents[step, place]) if step else -1, place)
            for place in np.flatnonzero(real[step] & ~trace.ended[step])
        ]
    ends = {
        (step, place): totals[step, place] / (step + 1) ** length_penalty
        for step in range(steps)
        for _, place in goes_on[step]
        if trace.tokens[step, place] == vocabulary.end or step == steps - 1
    }
    ranks = {end: rank for rank, end in enumerate(sorted(ends, key=lambda end: -ends[end]), 1)}

    def after(step: int, parent: int) -> tuple[Branch, ...]:
        children = [stretch(step, place) for above, place in goes_on[step] if above == parent]
        return tuple(sorted(children, key=lambda child: -child.total))

    def stretch(step: int, place: int) -> Branch:
        tokens = [int(trace.tokens[step, place])]
        while (step, place) not in ends:
            onward = [child for above, child in goes_on[step + 1] if above == place]
            if len(onward) != 1:
                break
            step, place = step + 1, onward[0]
            tokens.append(int(trace.tokens[step, place]))
        known: dict[str, Any] = {"tokens": tuple(tokens), "step": step + 1, "total": float(totals[step, place])}
        if (step, place) in ends:
            fate = "finished" if tokens[-1] == vocabulary.end else "open"
            return Branch(**known, fate=fate, rank=ranks[step, place], score=float(ends[step, place]))
        children = after(step + 1, place)
        if children:
            return Branch(**known, fate="branched", children=children)
        kept = [totals[step + 1, child] for _, child in goes_on[step + 1]]
        return Branch(**known, fate="dropped", bar=float(min(kept)) if kept else None)

    return Branch((), 0, 0.0, "branched", children=after(0, -1))


def _totals(trace: Trace, vocabulary: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    """Log probability of every place at every step, and whether it is a hypothesis at all, both `(T, W)`."""
    totals = np.zeros(trace.tokens.shape, np.float64)
    real = np.zeros(trace.tokens.shape, bool)
    fillers = (vocabulary.pad, vocabulary.start, vocabulary.unknown)
    for step, (tokens, parents) in enumerate(zip(trace.tokens, trace.parents)):
        totals[step] = trace.log_probs[step] + (totals[step - 1, parents] if step else 0)
        # Only the first place was open at the start; the others were copies of it at no probability.
        lived = real[step - 1, parents] if step else parents == 0
        real[step] = lived & (trace.ended[step] | ~np.isin(tokens, fillers))
    return totals, real
