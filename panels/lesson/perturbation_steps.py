"""The steps of the lesson that change pictures: where a map misleads, a test of it, and the control of that test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from captioner.sentence import Sentence, joined
from panels.lesson.context import black, covered, elsewhere
from panels.lesson.parts import lowest, others, percent, posed, showing, writes

if TYPE_CHECKING:
    from panels.lesson.context import LessonContext

CLEAR = 0.1  # a probability that moves by as much has clearly moved
LIKELY = 0.2  # a word below that was a guess with pictures and without


def misleads(context: LessonContext) -> dict[str, Any]:
    def moves(entry: dict[str, Any]) -> Any:
        words = [word for word in context.changed(entry, black(entry)) if word["before"] >= LIKELY]
        moved = [(word["text"], abs(word["after"] - word["before"])) for word in words]
        # Only a word that hardly moves at all makes the point.
        return words, lowest(moved) if min((by for _, by in moved), default=1) < CLEAR else None

    entry = context.first(lambda entry: moves(entry)[1] is not None)
    words, asked = moves(entry)
    if asked:
        steady = min(
            (word for word in words if word["text"] == asked[0][asked[1]]),
            key=lambda word: abs(word["after"] - word["before"]),
        )
        question = posed(
            Sentence("When both views are turned black, which of these words cares least?"),
            asked[0],
            asked[1],
            Sentence(
                "“{word}” goes from {before} to {after}. It owes little to the pictures here, yet it has a heatmap, "
                "drawn as bright as any other.",
                **_probabilities(steady),
            ),
            [_moves(words, word) for word in others(*asked)],
        )
    else:
        question = posed(
            Sentence("A word is as likely with black pictures as with the real ones. What is its heatmap worth?"),
            [
                Sentence("It shows what in the picture made the model write the word."),
                Sentence("It shows where the decoder read, though what it read made no difference."),
            ],
            1,
            Sentence("Attention always adds up to 100%, even where nothing that is read matters."),
            [Sentence("What is in the picture made no difference: with black pictures the word is as likely.")],
        )
    return {
        "body": [
            Sentence(
                "Attention is a budget that must be spent: even a word that needs no picture gets a map. And a map is "
                "scaled so that its strongest cell is full colour, however weak it is."
            ),
            Sentence("The way to know is to change the pictures and ask again."),
        ],
        "facts": [writes(entry, context.caption(entry).text)],
        "show": showing(
            entry,
            "what-if",
            Sentence("With both views black, look for bars that did not move."),
            Sentence("Blank both views"),
            changes=black(entry),
        ),
        **question,
    }


def _moves(words: list[dict[str, Any]], text: str) -> Sentence:
    word = max((word for word in words if word["text"] == text), key=lambda word: abs(word["after"] - word["before"]))
    return Sentence("“{word}” goes from {before} to {after}: another of these moves less.", **_probabilities(word))


def _probabilities(word: dict[str, Any]) -> dict[str, str]:
    """A word with its probabilities, for a sentence."""
    return {"word": word["text"], "before": percent(word["before"]), "after": percent(word["after"])}


def _case(context: LessonContext) -> tuple[dict[str, Any], int | None, dict[str, tuple[float, ...]]]:
    """`(entry, place, boxes)`: an example, which of its words names what was planted, and where that lies."""

    def named(entry: dict[str, Any]) -> int | None:
        wanted = {word for finding in (entry.get("findings") or [])[:1] for word in finding.get("words", ())}
        texts = [word.text for word in context.caption(entry).words]
        return next((place for place, text in enumerate(texts) if text in wanted), None)

    entry = context.first(lambda entry: named(entry) is not None, context.abnormal)
    boxes, place = context.planted(entry), named(entry)
    if place is None:
        moved = [abs(word["after"] - word["before"]) for word in context.changed(entry, covered(boxes))]
        place = max(range(len(moved)), key=moved.__getitem__, default=None)
    return entry, place, boxes


def cover(context: LessonContext) -> dict[str, Any]:
    entry, place, boxes = _case(context)
    show = showing(
        entry,
        "what-if",
        Sentence("With the place under blur, read the bar of the word, before and after."),
        Sentence("Cover the place"),
        changes=covered(boxes),
    )
    body = [
        Sentence(
            "If a word rests on a place, hiding the place must cost it probability. In the examples the place is "
            "known, so the test is fair: cover it on both views, with blur rather than black."
        )
    ]
    if place is None:
        return {
            "body": body,
            "facts": [Sentence("This checkpoint writes nothing for this example.")],
            "show": show,
            **posed(
                Sentence("Why blur and not black?"),
                [Sentence("A black hole is a new thing in itself."), Sentence("Blur is faster.")],
                0,
                Sentence("The model may react to the hole and not to what is missing."),
                [Sentence("Both take the same time. What counts is what the model makes of the cover.")],
            ),
        }
    word = context.changed(entry, covered(boxes))[place]
    change = word["after"] - word["before"]
    answer = 0 if change <= -CLEAR else 2 if change >= CLEAR else 1
    meaning = (
        Sentence("The word needs something that was there; the next step asks whether any cover would do the same."),
        Sentence(
            "So the word does not rest on that place alone, whatever its map shows: the model finds reasons elsewhere, "
            "or in language."
        ),
        Sentence("Hiding the finding makes the word likelier: what the model reads there speaks against it."),
    )[answer]
    guesses = (
        Sentence("It does not fall by as much as ten points: the place alone does not carry the word."),
        Sentence("It does move, by ten points or more."),
        Sentence(
            "It does not rise by as much as ten points: nothing at the place speaks that loudly against the word."
        ),
    )
    return {
        "body": body,
        "facts": [
            writes(entry, context.caption(entry).text),
            Sentence("“{word}” has {share}.", word=word["text"], share=percent(word["before"])),
        ],
        "show": show,
        **posed(
            Sentence("Guess first: when the place of the finding is covered, “{word}” becomes", word=word["text"]),
            [
                Sentence("less likely, by ten points or more"),
                Sentence("about as likely as before"),
                Sentence("more likely, by ten points or more"),
            ],
            answer,
            joined(
                " ",
                [
                    Sentence("From {before} to {after}.", before=percent(word["before"]), after=percent(word["after"])),
                    meaning,
                ],
            ),
            [reason for place, reason in enumerate(guesses) if place != answer],
        ),
    }


def control(context: LessonContext) -> dict[str, Any]:
    entry, place, boxes = _case(context)
    control = {view: elsewhere(box) for view, box in boxes.items()}
    facts = []
    if place is not None:
        here, there = (context.changed(entry, covered(where))[place] for where in (boxes, control))
        facts = [
            Sentence("Covering the finding takes “{word}” from {before} to {after}.", **_probabilities(here)),
            Sentence("Covering as much elsewhere takes it to {after}.", after=percent(there["after"])),
        ]
    return {
        "body": [
            Sentence(
                "A test needs a control. Cover an area of the same size far from the finding: if the word falls as "
                "much, the first test has shown nothing about the place."
            ),
            Sentence("The panel Trust repeats this with many random areas, and adds curves and random weights."),
        ],
        "facts": facts,
        "show": showing(
            entry,
            "what-if",
            Sentence("With the cover far from the finding, compare the bar with the step before."),
            Sentence("Cover another place"),
            changes=covered(control),
        ),
        **posed(
            Sentence(
                "Covering the finding costs a word 30 points; covering an equal area elsewhere costs it 28. "
                "What follows?"
            ),
            [
                Sentence("The word rests on the finding."),
                Sentence("The word falls under any cover: the test cannot tell."),
                Sentence("The impression is right."),
            ],
            1,
            Sentence("Only a clear difference from the control speaks for the place, and one control is few."),
            [
                Sentence("It rests as much on a place where there is nothing: the control costs it nearly the same."),
                Sentence("The test is about what the word needs, not about whether the word is true."),
            ],
        ),
    }
