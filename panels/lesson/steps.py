"""The steps of the lesson: what each tells, shows and asks. What it says of the model is measured on the checkpoint.

Every text is a `captioner.sentence.Sentence`: a step is worked out once, and said in each visitor's language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.sentence import Sentence
from panels.lesson.finding_step import written_not_seen
from panels.lesson.impression_steps import remember, searches, wrong
from panels.lesson.perturbation_steps import control, cover, misleads
from panels.lesson.word_steps import attention, views, words

if TYPE_CHECKING:
    from panels.lesson.context import LessonContext

STEPS = (
    (Sentence("Word by word"), words),
    (Sentence("What attention is"), attention),
    (Sentence("Two views, one budget"), views),
    (Sentence("Greedy against beam"), searches),
    (Sentence("Sure, and wrong"), wrong),
    (Sentence("Where a map misleads"), misleads),
    (Sentence("Test it: cover the place"), cover),
    (Sentence("Test the test"), control),
    (Sentence("Written, not seen"), written_not_seen),
    (Sentence("What a map may say"), remember),
)
TITLES = tuple(title for title, _ in STEPS)


def step(number: int, context: LessonContext) -> dict[str, Any]:
    """One step of the lesson as plain data.

    Args:
        number: 1 to len(STEPS).
        context: panels.lesson.context.LessonContext.

    Returns:
        dict: `number`, `title`; `body` and `facts`, lists of sentences; `question`, `options`, `answer` (a place among
        the options), `why`; `show`, what the page is to show: `example`, `settings`, `panel`, `changes` or None,
        `label` of the button and `task`, what to look for.
    """
    title, tell = STEPS[number - 1]
    return {"number": number, "title": title, **tell(context)}
