"""What the steps of the lesson are made of: questions, answers among the words, and what the page is to show."""

from collections.abc import Sequence
from typing import Any

from captioner.numbers import percent
from captioner.sentence import Sentence
from panels.lesson.context import LENGTH_PENALTY, WIDTH

APART = 0.03  # by so much a word must differ from the right one to be among the answers
MAX_OPTIONS = 4

__all__ = ["distinct", "lowest", "percent", "posed", "quoted", "showing", "writes"]


def quoted(text: str) -> Sentence:
    """A text in quotation marks."""
    return Sentence("“{text}”", text=text) if text else Sentence("nothing at all")


def writes(entry: dict[str, Any], text: str) -> Sentence:
    """The fact that the checkpoint writes a text for an example."""
    return Sentence(
        "For “{title}” this checkpoint writes {written}", title=Sentence(entry["title"]), written=quoted(text)
    )


def posed(question: str, options: Sequence[str], answer: int, why: str, wrong: Sequence[str]) -> dict[str, Any]:
    """A question with a reason for each answer.

    Args:
        question, options: texts.
        answer: a place among the options.
        why: the reason of the right one.
        wrong: why each of the others is not right, in their order.
    """
    reasons = list(wrong)
    reasons.insert(answer, why)
    if len(reasons) != len(options):
        raise ValueError("each option needs a reason of its own")
    return {"question": question, "options": options, "answer": answer, "why": why, "reasons": reasons}


def others(options: Sequence[str], answer: int) -> list[str]:
    """The options that are not the answer, in order."""
    return [option for place, option in enumerate(options) if place != answer]


def showing(
    entry: dict[str, Any],
    panel: str,
    task: str,
    label: str,
    decoding: str = "greedy",
    changes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the page is to show for a step."""
    settings = {"decoding": decoding, "width": WIDTH, "length_penalty": LENGTH_PENALTY}
    return {
        "example": entry["name"],
        "panel": panel,
        "task": task,
        "label": label,
        "settings": settings,
        "changes": changes,
    }


def distinct(words: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Words as `(text, value)` without full stops; of a text that comes twice, the first with the lowest value."""
    best: dict[str, float] = {}
    for text, value in words:
        if text != "." and (text not in best or value < best[text]):
            best[text] = value
    return list(best.items())


def lowest(words: Sequence[tuple[str, float]]) -> tuple[list[str], int] | None:
    """`(options, answer)`: the text of the lowest value among some others that are clearly higher; None for too few."""
    ranked = sorted(distinct(words), key=lambda word: word[1])
    if len(ranked) < 2:
        return None
    others = [text for text, value in ranked[1:] if value - ranked[0][1] >= APART][-(MAX_OPTIONS - 1) :]
    if not others:
        return None
    options = sorted([ranked[0][0], *others])
    return options, options.index(ranked[0][0])
