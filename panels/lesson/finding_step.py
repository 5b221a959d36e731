"""The step about the finding head: a finding can be written without being seen, and seen without being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.checkpoint.how_often_right import state_sentence
from captioner.seen_and_written import Agreement, standings
from captioner.sentence import Sentence, joined
from panels.lesson.parts import others, posed, showing, writes

if TYPE_CHECKING:
    from captioner.seen_and_written import Standing
    from panels.lesson.context import LessonContext

# The most telling first.
TELLING = (Agreement.UNSEEN, Agreement.UNWRITTEN, Agreement.BOTH, Agreement.UNSURE, Agreement.NEITHER)
STATES = (Agreement.BOTH, Agreement.UNWRITTEN, Agreement.UNSEEN, Agreement.UNSURE)
MEANINGS = {
    Agreement.BOTH: Sentence("It is seen and written: head and words agree."),
    Agreement.UNWRITTEN: Sentence("It is seen, not written: the decoder left it out."),
    Agreement.UNSEEN: Sentence("It is written, not seen: the word came from language."),
    Agreement.UNSURE: Sentence("The head is unsure: its probability lies near the threshold."),
}
BODY = [
    Sentence(
        "A decoder that has read thousands of impressions knows how they go on. “Cardiomegaly with …” is often "
        "followed by an effusion, whatever the pictures show: such a word comes from language."
    ),
    Sentence(
        "The finding head never reads a word. It gives each of thirteen findings a probability from the pictures "
        "alone, before anything is written. Held against the words it shows two kinds of mistake: a finding that was "
        "written and not seen, and one that was seen and not written."
    ),
]


def written_not_seen(context: LessonContext) -> dict[str, Any]:
    """The step for a checkpoint; one without a finding head is told in general."""
    model = context.model
    if not model.has_findings:
        return _in_general(context)
    found = {entry["name"]: _most_telling(context, entry) for entry in context.abnormal[:4]}
    entry = min(context.abnormal[:4], key=lambda entry: TELLING.index(found[entry["name"]].agreement))
    standing, table = found[entry["name"]], model.how_often_right
    facts = [writes(entry, context.caption(entry).text), standing.sentence]
    facts += [told for told in [table and state_sentence(table, standing.agreement)] if told]
    asked = dict(
        body=BODY,
        facts=facts,
        show=showing(
            entry,
            "explain",
            Sentence("Choose “{finding}” among the findings, and see its map.", finding=Sentence(standing.finding)),
            Sentence("Show the findings"),
        ),
    )
    if standing.agreement is Agreement.NEITHER:
        return {**_in_general(context), **asked}
    options = [MEANINGS[state] for state in STATES]
    answer = STATES.index(standing.agreement)
    return {
        **asked,
        **posed(
            Sentence("How does {finding} stand between head and words?", finding=Sentence(standing.finding)),
            options,
            answer,
            joined(" ", [standing.sentence, Sentence("Which of the two is right, only the report can say.")]),
            [
                Sentence("That would be so if this were true: “{condition}”.", condition=_condition(option))
                for option in others(options, answer)
            ],
        ),
    }


def _most_telling(context: LessonContext, entry: dict[str, Any]) -> Standing:
    said = standings(context.model.findings(context.features(entry)), context.caption(entry).text)
    return min(said, key=lambda one: (TELLING.index(one.agreement), -one.probability))


def _condition(meaning: str) -> Sentence:
    """When a state holds, in words."""
    state = next(state for state, text in MEANINGS.items() if text == meaning)
    return {
        Agreement.BOTH: Sentence(
            "the probability is at the threshold or above, and the words state it on the same side"
        ),
        Agreement.UNWRITTEN: Sentence("the probability is at the threshold or above, and no word states it"),
        Agreement.UNSEEN: Sentence("a word states it, and the probability is below the threshold or the side another"),
        Agreement.UNSURE: Sentence("the probability is so near the threshold that a little more or less would turn it"),
    }[state]


def _in_general(context: LessonContext) -> dict[str, Any]:
    has = context.model.has_findings
    return {
        "body": BODY,
        "facts": [] if has else [Sentence("This checkpoint has no finding head: it writes impressions alone.")],
        "show": showing(
            context.abnormal[0],
            "explain",
            Sentence("Read the impression, and ask of each finding where it came from."),
            Sentence("Show it"),
        ),
        **posed(
            Sentence(
                "The impression states an effusion; the finding head gives it 9%, below its threshold. What follows?"
            ),
            [
                Sentence("There is no effusion."),
                Sentence(
                    "The word probably came from language, not from the pictures; the report must say which is right."
                ),
                Sentence("There is an effusion, since the impression says so."),
            ],
            1,
            Sentence(
                "The head looked, and did not see it. It may be wrong, too: that they disagree is a reason to look."
            ),
            [
                Sentence("The head may have missed it: 9% is not nothing, and heads are wrong, too."),
                Sentence("The impression may follow the habit of the reports that it was learned from."),
            ],
        ),
    }
