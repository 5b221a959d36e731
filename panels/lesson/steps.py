"""The steps of the lesson: what each tells, shows and asks. What it says of the model is measured on the checkpoint."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

from captioner.evaluation.impression_score import score
from panels.lesson.finding_step import written_not_seen
from panels.lesson.parts import distinct, lowest, others, percent, posed, quoted, showing
from panels.lesson.perturbation_steps import control, cover, misleads
from panels.score.panel import MARKS

if TYPE_CHECKING:
    from panels.lesson.context import LessonContext


def _words(context: LessonContext) -> dict[str, Any]:
    entry = context.abnormal[0]
    caption = context.caption(entry)
    certain = [(word.text, exp(word.log_prob)) for word in caption.words]
    asked = lowest(certain)
    if asked:
        least = dict(distinct(certain))[asked[0][asked[1]]]
        question = posed(
            "Of which of these words was the model least sure?",
            *asked,
            f"It gave that word {percent(least)}: other words were still in play. A low probability does not make a "
            "word wrong, and a high one does not make it right.",
            [
                f"It gave “{text}” {percent(dict(distinct(certain))[text])}, more than another of these."
                for text in others(*asked)
            ],
        )
    else:
        question = posed(
            "A word has a probability of 90%. What does that say?",
            [
                "Nine of ten radiologists would write it.",
                "Given the pictures and the words before it, the model puts 90% on this word.",
                "The finding is there with a certainty of 90%.",
            ],
            1,
            "It is a statement about the next word, by this model. It is not about the patient.",
            [
                "No radiologist was asked: the number is the model’s own.",
                "The number is about the next word. Whether the finding is there is another question.",
            ],
        )
    return {
        "body": [
            "The model writes an impression one word at a time. At each place it gives every word of its vocabulary a "
            "probability, from both pictures and from the words that it has written so far; greedy search takes the "
            "likeliest. The tint of a word on the page is that probability.",
        ],
        "facts": [f"For the example “{entry['title']}” this checkpoint writes {quoted(caption.text)}"],
        "show": showing(
            entry, "explain", "Find the palest word, and see what else could have stood there.", "Show the impression"
        ),
        **question,
    }


def _attention(context: LessonContext) -> dict[str, Any]:
    entry = context.abnormal[0]
    show = showing(
        entry, "explain", "Choose “cells” below the pictures, and read single cells under the pointer.", "Show a map"
    )
    if not context.model.has_attention:
        return {
            "body": [
                "A network with attention spreads its reading over the cells of the pictures anew for each word. "
                "This checkpoint has none: it sees each picture as one whole."
            ],
            "facts": ["This checkpoint has no attention, so its words have no maps of their own."],
            "show": show,
            **posed(
                "Can such a model tell where it looked for a word?",
                ["Yes, from its probabilities.", "No, other methods must find that out from outside."],
                1,
                "Its probabilities say how sure it is. Where it looked must be tested, as by covering parts.",
                ["A probability says how sure it is of a word, and nothing about a place."],
            ),
        }
    rows, columns = context.model.grid
    cells = rows * columns
    shares = [f"about {100 / (2 * cells):.2g}%", f"about {100 / cells:.2g}%", "100%"]
    caption = context.caption(entry)
    strongest = max(
        ((float(word.attention.max()), word.text) for word in caption.words if word.attention is not None), default=None
    )
    facts = [f"This checkpoint reads {rows} × {columns} cells of each view, {2 * cells} in all."]
    if strongest:
        facts.append(
            f"The strongest cell of its impression holds {percent(strongest[0])} of the attention of “{strongest[1]}”."
        )
    return {
        "body": [
            "The encoder turns each picture into a grid of cells, each with a list of numbers that say what is there. "
            "Before each word the decoder spreads a budget over all cells of both views: its attention. What it reads "
            "is the mean of the cells, weighted by it.",
            "The heatmap of a word is this spread, and nothing else.",
        ],
        "facts": facts,
        "show": show,
        **posed(
            "The attention of a word adds up to 100% over all cells of both views. If it were spread evenly, how much "
            "would one cell hold?",
            shares,
            0,
            f"100% shared among {2 * cells} cells. The page says under the pointer how many times an even share a "
            "cell holds.",
            [
                f"That would be the share if one view’s {cells} cells were all. Both views draw on one budget.",
                "Then nothing would be left for any other cell: that is the opposite of an even spread.",
            ],
        ),
    }


def _views(context: LessonContext) -> dict[str, Any]:
    entry = context.first(
        lambda entry: len(context.caption(entry).words) >= 3 and entry["lateral"], context.abnormal[::-1]
    )
    caption = context.caption(entry)
    shares = [(word.text, word.view_share) for word in caption.words]
    frontal = [(text, float(share[0])) for text, share in shares if share is not None]
    asked = lowest(frontal) if entry["lateral"] else None
    if asked:
        share = 1 - dict(distinct(frontal))[asked[0][asked[1]]]
        question = posed(
            "Which of these words leans most on the lateral view?",
            *asked,
            f"{percent(share)} of its attention lies there. Half is what no preference at all would give, so a share "
            "near a half says little.",
            [
                f"{percent(1 - dict(distinct(frontal))[text])} of the attention of “{text}” lies on the lateral view: "
                "another of these has more there."
                for text in others(*asked)
            ],
        )
    else:
        question = posed(
            "A word has 52% of its attention on the lateral view. What follows?",
            ["The lateral view decided.", "Hardly anything: half is what no preference would give."],
            1,
            "Compare a share with what no preference would give before you read anything into it.",
            ["Two points more than an even split decide nothing: 50% is what no preference gives."],
        )
    return {
        "body": [
            "A radiologist looks for some findings on one view above all: for a little fluid behind the diaphragm on "
            "the lateral, for the width of the heart on the frontal. A model need not do the same: where it read is "
            "measured, not assumed. Both views share one budget, so each word tells the share of each."
        ],
        "facts": [f"For “{entry['title']}” this checkpoint writes {quoted(caption.text)}"],
        "show": showing(
            entry, "explain", "Step through the words with the arrow keys, and watch the two shares.", "Show the shares"
        ),
        **question,
    }


def _searches(context: LessonContext) -> dict[str, Any]:
    def part(entry: dict[str, Any]) -> bool:
        return context.caption(entry).text != context.caption(entry, "beam").text

    entry = context.first(part, tried=len(context.entries))
    greedy, beam = context.caption(entry), context.caption(entry, "beam")
    same = greedy.text == beam.text
    facts = [
        f"Greedy: {quoted(greedy.text)} (log probability {greedy.log_prob:.2f})",
        f"Beam, width 3: {quoted(beam.text)} (log probability {beam.log_prob:.2f})",
    ]
    if same:
        facts.append("Here both find the same. The tree on the page shows what the beam gave up.")
    return {
        "body": [
            "Greedy search takes the likeliest word and never looks back. Beam search keeps several beginnings, goes "
            "on with all of them, and drops those that fall behind. In the end it ranks whole impressions, here by log "
            "probability divided by a power of their length, so that short ones are not favoured.",
        ],
        "facts": facts,
        "show": showing(
            entry,
            "compare",
            "Find the first place where the two part, and open the tree there.",
            "Show both side by side",
            decoding="beam",
        ),
        **posed(
            "Is what beam search puts first always at least as likely as what greedy search finds?",
            [
                "Yes: it looks at more.",
                "No: it may drop greedy’s beginning on the way, and it does not rank by probability alone.",
                "No: it draws at random.",
            ],
            1,
            "With few places in the beam, greedy’s beginning can be dropped before it pays off, and the length penalty "
            "can put a less likely impression first. More likely is not more correct either.",
            [
                "It looks at more, yet it keeps only a few beginnings, and greedy’s may be among the dropped ones.",
                "Nothing is drawn: both searches give the same impression each time.",
            ],
        ),
    }


def _wrong(context: LessonContext) -> dict[str, Any]:
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
    told = [f"{name}: {', '.join(found[key])}" for key, name in MARKS.items() if found[key]]
    return {
        "body": [
            "The examples are drawn by a computer, so it is known what was planted in them. Hold the model’s "
            "impression against that, finding by finding.",
        ],
        "facts": [
            f"“{entry['title']}” was made to show {quoted(entry['impression'])}",
            f"This checkpoint writes {quoted(caption.text)}",
        ],
        "show": showing(entry, "score", "Compare the marks in both texts.", "Show the score"),
        **posed(
            "What did the model do with what was planted?",
            [
                "It named it, and nothing else.",
                "It missed something, and made nothing up.",
                "It missed nothing, but made something up.",
                "It missed something and made something up.",
            ],
            missed + 2 * made_up,
            f"{'. '.join(told) or 'Both texts name no finding'}. Its words have a probability of "
            f"{percent(sureness(entry))} each on average (geometric mean): how sure "
            "a model is of its sentence says little about the patient.",
            [
                _not_so(option % 2 == 1, option > 1, found["missed"] + astray, found["made_up"] + astray)
                for option in range(4)
                if option != missed + 2 * made_up
            ],
        ),
    }


def _not_so(missed: bool, made_up: bool, truly_missed: list[str], truly_made_up: list[str]) -> str:
    """Why an answer that says whether something was missed and made up is not right."""
    told = []
    if missed != bool(truly_missed):
        names = ", ".join(truly_missed)
        told.append("it missed nothing" if missed else f"it did not name what was planted as it was ({names})")
    if made_up != bool(truly_made_up):
        names = ", ".join(truly_made_up)
        told.append("it made nothing up" if made_up else f"it named what was not planted so ({names})")
    return f"Look again: {' and '.join(told)}."


def _remember(context: LessonContext) -> dict[str, Any]:
    return {
        "body": [
            "A probability is about the next word. A map is where the decoder read. Neither says why, and neither says "
            "that the impression is right.",
            "Why is a question for tests: change the pictures, watch the word, and have a control.",
        ],
        "facts": [],
        "show": showing(
            context.abnormal[-1], "explain", "Now try it on an example of your own choice.", "Back to the pictures"
        ),
        **posed(
            "The map of “enlarged” lies on the heart. Which sentence is justified?",
            [
                "The model measured the heart and found it enlarged.",
                "Writing the word, the decoder read mostly there; whether that mattered needs a test.",
                "The heart is enlarged.",
            ],
            1,
            "That much the map says, and no more. You now know how to ask for the rest.",
            [
                "A map shows no measuring. It shows where the decoder read when it wrote the word.",
                "Neither the map nor the word makes it so: the map would look the same over a heart of usual size.",
            ],
        ),
    }


STEPS = (
    ("Word by word", _words),
    ("What attention is", _attention),
    ("Two views, one budget", _views),
    ("Greedy against beam", _searches),
    ("Sure, and wrong", _wrong),
    ("Where a map misleads", misleads),
    ("Test it: cover the place", cover),
    ("Test the test", control),
    ("Written, not seen", written_not_seen),
    ("What a map may say", _remember),
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
