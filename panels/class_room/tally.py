"""What the wall tells of a class's answers once they are revealed: sums alone, and nothing that says whose is which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from captioner.numbers import plain_map
from captioner.reports.claims import claims
from explain.metrics.marked_place import inside
from explain.metrics.marks import mark_density
from explain.quiz import Case
from panels.class_room.answer import CHOICES, NOTHING, Answer


def true_findings(reference: str) -> list[str]:
    """What there was to pick where a reference is true, of panels.class_room.answer.CHOICES."""
    stated = [claim.finding for claim in claims(reference) if not claim.denied]
    return list(dict.fromkeys(stated)) or [NOTHING]


def tally(case: Case, answers: Sequence[Answer]) -> dict[str, Any]:
    """The answers to one example, summed up.

    Args:
        case: the example, explain.quiz.Case.
        answers: in any order.

    Returns:
        `{"answered", "findings", "right", "guessed", "marks"}`. findings: `{"name", "count", "true"}`, the most
        frequent first; right: how many picked one that is there; guessed: the share of such who pick by chance; marks:
        of each view that the example has `{"view", "count", "map", "inside", "chance"}`, the heatmap over the whole
        view, how many marks lie inside the outline of what was planted, and how likely a random place does, both None
        where nothing was planted.
    """
    there = true_findings(case.reference)
    counted = sorted(Counter(answer.finding for answer in answers).items(), key=lambda pair: (-pair[1], pair[0]))
    return {
        "answered": len(answers),
        "findings": [{"name": name, "count": count, "true": name in there} for name, count in counted],
        "right": sum(answer.finding in there for answer in answers),
        "guessed": round(len(there) / len(CHOICES), 4),
        "marks": [_marks(case, view.name, view.pixels.shape, answers) for view in case.study.views],
    }


def _marks(case: Case, view: str, shape: tuple[int, int], answers: Sequence[Answer]) -> dict[str, Any]:
    points = [point for answer in answers if (point := getattr(answer, view)) is not None]
    mask = (case.masks or {}).get(view)
    return {
        "view": view,
        "count": len(points),
        "map": plain_map(mark_density(points, shape), 4),
        "inside": None if mask is None else sum(inside(point, mask) for point in points),
        "chance": None if mask is None else round(float(mask.mean()), 4),
    }
