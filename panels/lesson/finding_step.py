"""The step about the finding head: a finding can be written without being seen, and seen without being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.checkpoint.how_often_right import state_sentence
from captioner.seen_and_written import Agreement, standings
from panels.lesson.parts import others, posed, quoted, showing

if TYPE_CHECKING:
    from captioner.seen_and_written import Standing
    from panels.lesson.context import LessonContext

# The most telling first.
TELLING = (Agreement.UNSEEN, Agreement.UNWRITTEN, Agreement.BOTH, Agreement.UNSURE, Agreement.NEITHER)
STATES = (Agreement.BOTH, Agreement.UNWRITTEN, Agreement.UNSEEN, Agreement.UNSURE)
MEANINGS = {
    Agreement.BOTH: "It is seen and written: head and words agree.",
    Agreement.UNWRITTEN: "It is seen, not written: the decoder left it out.",
    Agreement.UNSEEN: "It is written, not seen: the word came from language.",
    Agreement.UNSURE: "The head is unsure: its probability lies near the threshold.",
}
BODY = [
    "A decoder that has read thousands of impressions knows how they go on. “Cardiomegaly with …” is often followed by "
    "an effusion, whatever the pictures show: such a word comes from language.",
    "The finding head never reads a word. It gives each of thirteen findings a probability from the pictures alone, "
    "before anything is written. Held against the words it shows two kinds of mistake: a finding that was written and "
    "not seen, and one that was seen and not written.",
]


def written_not_seen(context: LessonContext) -> dict[str, Any]:
    """The step for a checkpoint; one without a finding head is told in general."""
    model = context.model
    if not model.has_findings:
        return _in_general(context)
    found = {entry["name"]: _most_telling(context, entry) for entry in context.abnormal[:4]}
    entry = min(context.abnormal[:4], key=lambda entry: TELLING.index(found[entry["name"]].agreement))
    standing, table = found[entry["name"]], model.how_often_right
    facts = [f"For “{entry['title']}” this checkpoint writes {quoted(context.caption(entry).text)}", standing.sentence]
    facts += [told for told in [table and state_sentence(table, standing.agreement)] if told]
    asked = dict(
        body=BODY,
        facts=facts,
        show=showing(
            entry, "explain", f"Choose “{standing.finding}” among the findings, and see its map.", "Show the findings"
        ),
    )
    if standing.agreement is Agreement.NEITHER:
        return {**_in_general(context), **asked}
    options = [MEANINGS[state] for state in STATES]
    answer = STATES.index(standing.agreement)
    return {
        **asked,
        **posed(
            f"How does {standing.finding} stand between head and words?",
            options,
            answer,
            f"{standing.sentence} Which of the two is right, only the report can say.",
            [f"That would be so if this were true: “{_condition(option)}”." for option in others(options, answer)],
        ),
    }


def _most_telling(context: LessonContext, entry: dict[str, Any]) -> Standing:
    said = standings(context.model.findings(context.features(entry)), context.caption(entry).text)
    return min(said, key=lambda one: (TELLING.index(one.agreement), -one.probability))


def _condition(meaning: str) -> str:
    """When a state holds, in words."""
    state = next(state for state, text in MEANINGS.items() if text == meaning)
    return {
        Agreement.BOTH: "the probability is at the threshold or above, and the words state it on the same side",
        Agreement.UNWRITTEN: "the probability is at the threshold or above, and no word states it",
        Agreement.UNSEEN: "a word states it, and the probability is below the threshold or the side another",
        Agreement.UNSURE: "the probability is so near the threshold that a little more or less would turn it",
    }[state]


def _in_general(context: LessonContext) -> dict[str, Any]:
    has = context.model.has_findings
    return {
        "body": BODY,
        "facts": [] if has else ["This checkpoint has no finding head: it writes impressions alone."],
        "show": showing(
            context.abnormal[0],
            "explain",
            "Read the impression, and ask of each finding where it came from.",
            "Show it",
        ),
        **posed(
            "The impression states an effusion; the finding head gives it 9%, below its threshold. What follows?",
            [
                "There is no effusion.",
                "The word probably came from language, not from the pictures; the report must say which is right.",
                "There is an effusion, since the impression says so.",
            ],
            1,
            "The head looked, and did not see it. It may be wrong, too: that they disagree is a reason to look.",
            [
                "The head may have missed it: 9% is not nothing, and heads are wrong, too.",
                "The impression may follow the habit of the reports that it was learned from.",
            ],
        ),
    }
