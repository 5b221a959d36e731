"""The steps of the lesson about whole impressions: how they are searched for, that a sure one may be wrong, and what is
left to remember."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

from captioner.evaluation.impression_score import score
from captioner.numbers import decimal
from captioner.sentence import Sentence, joined
from panels.lesson.parts import percent, posed, quoted, showing
from panels.score.panel import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from panels.lesson.context import LessonContext


def searches(context: LessonContext) -> dict[str, Any]:
    """The step about greedy and beam search."""

    def part(entry: dict[str, Any]) -> bool:
        return context.caption(entry).text != context.caption(entry, "beam").text

    entry = context.first(part, tried=len(context.entries))
    greedy, beam = context.caption(entry), context.caption(entry, "beam")
    facts = [
        Sentence(
            "Greedy: {written} (log probability {log_prob})",
            written=quoted(greedy.text),
            log_prob=decimal(greedy.log_prob),
        ),
        Sentence(
            "Beam, width 3: {written} (log probability {log_prob})",
            written=quoted(beam.text),
            log_prob=decimal(beam.log_prob),
        ),
    ]
    if greedy.text == beam.text:
        facts.append(Sentence("Here both find the same. The tree on the page shows what the beam gave up."))
    return {
        "body": [
            Sentence(
                "Greedy search takes the likeliest word and never looks back. Beam search keeps several beginnings, "
                "goes on with all of them, and drops those that fall behind. In the end it ranks whole impressions, "
                "here by log probability divided by a power of their length, so that short ones are not favoured."
            ),
        ],
        "facts": facts,
        "show": showing(
            entry,
            "compare",
            Sentence("Find the first place where the two part, and open the tree there."),
            Sentence("Show both side by side"),
            decoding="beam",
        ),
        **posed(
            Sentence("Is what beam search puts first always at least as likely as what greedy search finds?"),
            [
                Sentence("Yes: it looks at more."),
                Sentence(
                    "No: it may drop greedy’s beginning on the way, and it does not rank by probability alone.",
                ),
                Sentence("No: it draws at random."),
            ],
            1,
            Sentence(
                "With few places in the beam, greedy’s beginning can be dropped before it pays off, and the length "
                "penalty can put a less likely impression first. More likely is not more correct either."
            ),
            [
                Sentence(
                    "It looks at more, yet it keeps only a few beginnings, and greedy’s may be among the dropped ones."
                ),
                Sentence("Nothing is drawn: both searches give the same impression each time."),
            ],
        ),
    }


def wrong(context: LessonContext) -> dict[str, Any]:
    """The step about an impression that is sure, and wrong."""

    def judged(entry: dict[str, Any]) -> Any:
        return score(entry["impression"], context.caption(entry).text)["findings"]

    def sureness(entry: dict[str, Any]) -> float:
        words = context.caption(entry).words
        return exp(sum(word.log_prob for word in words) / max(len(words), 1))

    def outcome(entry: Any) -> tuple[bool, bool]:
        # A finding on the wrong side was missed where it is, and made up where it is not.
        found = judged(entry)
        astray = found["side_wrong"] + found["contradictory"]
        return bool(found["missed"] + astray), bool(found["made_up"] + astray)

    amiss = [entry for entry in context.abnormal if any(outcome(entry))]
    entry = max(amiss or context.abnormal, key=sureness)  # the surest of the wrong ones
    found, caption = judged(entry), context.caption(entry)
    missed, made_up = outcome(entry)
    astray = found["side_wrong"] + found["contradictory"]
    told = [
        Sentence("{what}: {findings}", what=title, findings=_names(found[kind]))
        for kind, title in MARKS.items()
        if found[kind]
    ]
    return {
        "body": [
            Sentence(
                "The examples are drawn by a computer, so it is known what was planted in them. Hold the model’s "
                "impression against that, finding by finding."
            ),
        ],
        "facts": [
            Sentence(
                "“{title}” was made to show {planted}",
                title=Sentence(entry["title"]),
                planted=quoted(entry["impression"]),
            ),
            Sentence("This checkpoint writes {written}", written=quoted(caption.text)),
        ],
        "show": showing(entry, "score", Sentence("Compare the marks in both texts."), Sentence("Show the score")),
        **posed(
            Sentence("What did the model do with what was planted?"),
            [
                Sentence("It named it, and nothing else."),
                Sentence("It missed something, and made nothing up."),
                Sentence("It missed nothing, but made something up."),
                Sentence("It missed something and made something up."),
            ],
            missed + 2 * made_up,
            joined(
                " ",
                [
                    joined(". ", told, ".") if told else Sentence("Both texts name no finding."),
                    Sentence(
                        "Its words have a probability of {share} each on average (geometric mean): how sure a model is "
                        "of its sentence says little about the patient.",
                        share=percent(sureness(entry)),
                    ),
                ],
            ),
            [
                _not_so(option % 2 == 1, option > 1, found["missed"] + astray, found["made_up"] + astray)
                for option in range(4)
                if option != missed + 2 * made_up
            ],
        ),
    }


def _names(findings: Iterable[str]) -> Sentence:
    """Findings in a row."""
    return joined(", ", map(Sentence, findings))


def _not_so(missed: bool, made_up: bool, truly_missed: list[str], truly_made_up: list[str]) -> Sentence:
    """Why an answer that says whether something was missed and made up is not right."""
    told = []
    if missed != bool(truly_missed):
        told.append(
            Sentence("it missed nothing")
            if missed
            else Sentence("it did not name what was planted as it was ({findings})", findings=_names(truly_missed))
        )
    if made_up != bool(truly_made_up):
        told.append(
            Sentence("it made nothing up")
            if made_up
            else Sentence("it named what was not planted so ({findings})", findings=_names(truly_made_up))
        )
    if len(told) == 2:
        return Sentence("Look again: {first} and {second}.", first=told[0], second=told[1])
    return Sentence("Look again: {what}.", what=told[0])


def remember(context: LessonContext) -> dict[str, Any]:
    """The last step: what a map may say."""
    return {
        "body": [
            Sentence(
                "A probability is about the next word. A map is where the decoder read. Neither says why, and neither "
                "says that the impression is right."
            ),
            Sentence("Why is a question for tests: change the pictures, watch the word, and have a control."),
        ],
        "facts": [],
        "show": showing(
            context.abnormal[-1],
            "explain",
            Sentence("Now try it on an example of your own choice."),
            Sentence("Back to the pictures"),
        ),
        **posed(
            Sentence("The map of “enlarged” lies on the heart. Which sentence is justified?"),
            [
                Sentence("The model measured the heart and found it enlarged."),
                Sentence("Writing the word, the decoder read mostly there; whether that mattered needs a test."),
                Sentence("The heart is enlarged."),
            ],
            1,
            Sentence("That much the map says, and no more. You now know how to ask for the rest."),
            [
                Sentence("A map shows no measuring. It shows where the decoder read when it wrote the word."),
                Sentence(
                    "Neither the map nor the word makes it so: the map would look the same over a heart of usual size."
                ),
            ],
        ),
    }
