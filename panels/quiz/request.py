"""What a student answers, checked at the door: from the plain data of a browser to an explain.quiz.Answer."""

from math import isfinite
from typing import Any

from captioner import BadInput
from captioner.evaluation.impression_score import LONGEST
from captioner.language import later, text
from captioner.reports.claims import claims
from captioner.reports.findings import FINDINGS, SIDES
from explain.metrics.localisation import VIEWS
from explain.quiz import Answer, named, says_something

UNANSWERED = later("Choose what you see, or “nothing abnormal”, or type it.")


def answer(asked: Any) -> Answer:
    """An Answer from plain data.

    Args:
        asked: dict of `marks`, view -> `[across, down]`, shares 0..1, or None; `findings`, a list of
            `{"name", "side"}`; `nothing`, whether "nothing abnormal" was chosen; `text`, what was typed.

    Raises:
        BadInput: says what is missing, or what cannot be used.
    """
    asked = asked if isinstance(asked, dict) else {}
    marks, listed, typed = asked.get("marks") or {}, asked.get("findings") or [], typed_text(asked.get("text"))
    if not isinstance(marks, dict) or not set(marks) <= set(VIEWS):
        raise BadInput(text("marks must be an object with any of: frontal, lateral."))
    if not isinstance(listed, list) or len(listed) > len(FINDINGS):
        raise BadInput(text("findings must be a list of {most} findings at the most.", most=len(FINDINGS)))
    chosen = [_finding(each) for each in listed]
    if typed and not says_something(typed):
        raise BadInput(
            text("No finding is found in what was typed: choose from the list, or word it as a report would.")
        )
    if not chosen and not typed and asked.get("nothing") is not True:
        raise BadInput(text(UNANSWERED))
    points = {view: _point(mark, view) for view, mark in marks.items() if mark is not None}
    return Answer(points, (*chosen, *claims(typed)))


def typed_text(typed: Any) -> str:
    """A typed text, stripped; "" for none.

    Raises:
        BadInput: it is too long.
    """
    typed = typed.strip() if isinstance(typed, str) else ""
    if len(typed) > LONGEST:
        raise BadInput(text("An impression may have {longest} characters at the most.", longest=LONGEST))
    return typed


def _finding(given: Any) -> Any:
    name, side = (given.get("name"), given.get("side")) if isinstance(given, dict) else (None, None)
    if not isinstance(name, str) or name not in FINDINGS:
        raise BadInput(text("A finding is one of: {findings}.", findings=", ".join(FINDINGS)))
    if side is not None and side not in SIDES:
        raise BadInput(text("A finding's side is one of: {sides}.", sides=", ".join(SIDES)))
    return named(name, side)


def _point(given: Any, view: str) -> tuple[float, float]:
    sound = (
        isinstance(given, list)
        and len(given) == 2
        and all(isinstance(share, (int, float)) and not isinstance(share, bool) for share in given)
        and all(isfinite(share) and 0 <= share <= 1 for share in given)
    )
    if not sound:
        raise BadInput(text("The mark on the {view} view must be two numbers from 0 to 1.", view=text(view)))
    return float(given[0]), float(given[1])
