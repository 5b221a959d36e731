"""What a student answers, checked at the door: from the plain data of a browser to an explain.quiz.Answer."""

from math import isfinite
from typing import Any

from captioner import BadInput
from captioner.evaluation.impression_score import LONGEST
from captioner.reports.claims import claims
from captioner.reports.findings import FINDINGS, SIDES
from explain.metrics.localisation import VIEWS
from explain.quiz import Answer, named, says_something

UNANSWERED = "Choose what you see, or “nothing abnormal”, or type it."


def answer(asked: Any) -> Answer:
    """An Answer from plain data.

    Args:
        asked: dict of `marks`, view -> `[across, down]`, shares 0..1, or None; `findings`, a list of
            `{"name", "side"}`; `nothing`, whether "nothing abnormal" was chosen; `text`, what was typed.

    Raises:
        BadInput: says what is missing, or what cannot be used.
    """
    asked = asked if isinstance(asked, dict) else {}
    marks, listed, typed = asked.get("marks") or {}, asked.get("findings") or [], text(asked.get("text"))
    if not isinstance(marks, dict) or not set(marks) <= set(VIEWS):
        raise BadInput("marks must be an object with any of: frontal, lateral.")
    if not isinstance(listed, list) or len(listed) > len(FINDINGS):
        raise BadInput(f"findings must be a list of {len(FINDINGS)} findings at the most.")
    chosen = [_finding(each) for each in listed]
    if typed and not says_something(typed):
        raise BadInput("No finding is found in what was typed: choose from the list, or word it as a report would.")
    if not chosen and not typed and asked.get("nothing") is not True:
        raise BadInput(UNANSWERED)
    points = {view: _point(mark, view) for view, mark in marks.items() if mark is not None}
    return Answer(points, (*chosen, *claims(typed)))


def text(typed: Any) -> str:
    """A typed text, stripped; "" for none.

    Raises:
        BadInput: it is too long.
    """
    typed = typed.strip() if isinstance(typed, str) else ""
    if len(typed) > LONGEST:
        raise BadInput(f"An impression may have {LONGEST} characters at the most.")
    return typed


def _finding(given: Any) -> Any:
    name, side = (given.get("name"), given.get("side")) if isinstance(given, dict) else (None, None)
    if not isinstance(name, str) or name not in FINDINGS:
        raise BadInput(f"A finding is one of: {', '.join(FINDINGS)}.")
    if side is not None and side not in SIDES:
        raise BadInput(f"A finding's side is one of: {', '.join(SIDES)}.")
    return named(name, side)


def _point(given: Any, view: str) -> tuple[float, float]:
    sound = (
        isinstance(given, list)
        and len(given) == 2
        and all(isinstance(share, (int, float)) and not isinstance(share, bool) for share in given)
        and all(isfinite(share) and 0 <= share <= 1 for share in given)
    )
    if not sound:
        raise BadInput(f"The mark on the {view} view must be two numbers from 0 to 1.")
    return float(given[0]), float(given[1])
