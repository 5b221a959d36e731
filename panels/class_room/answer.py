"""What a student answers to one case, and what may be sent as such."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from captioner import BadInput
from captioner.language import later, text
from captioner.reports.findings import FINDINGS
from explain.metrics.localisation import VIEWS
from explain.metrics.marked_place import Point

NOTHING = later("nothing abnormal")
CHOICES = (*FINDINGS, NOTHING)
"""What a student may pick."""


@dataclass(frozen=True)
class Answer:
    """A student's answer.

    Attributes:
        finding: one of CHOICES.
        frontal, lateral: where it lies, `(across, down)` in shares 0..1 of the view from its upper left; None for a
            view that was not marked.
    """

    finding: str
    frontal: Point | None = None
    lateral: Point | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {"finding": self.finding, "frontal": self.frontal, "lateral": self.lateral}


def read(value: Any) -> Answer:
    """The answer that a browser sends: `{"finding", "frontal", "lateral"}`.

    Raises:
        BadInput: it is none.
    """
    if not isinstance(value, dict) or value.get("finding") not in list(CHOICES):
        raise BadInput(text("Pick a finding first."))
    return Answer(str(value["finding"]), *(_point(value.get(view), view) for view in VIEWS))


def _point(value: Any, view: str) -> Point | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(_share, value)):
        raise BadInput(text("The mark on the {view} view must be two numbers from 0 to 1.", view=text(view)))
    return float(value[0]), float(value[1])


def _share(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and isfinite(value) and 0 <= value <= 1
