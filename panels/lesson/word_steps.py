"""The steps of the lesson about single words: their probabilities, their attention, and the share of either view."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, Any

from captioner.sentence import Number, Sentence
from panels.lesson.parts import distinct, lowest, others, percent, posed, quoted, showing, writes

if TYPE_CHECKING:
    from panels.lesson.context import LessonContext


def words(context: LessonContext) -> dict[str, Any]:
    """The step about what the probability of a word is."""
    entry = context.abnormal[0]
    caption = context.caption(entry)
    certain = [(word.text, exp(word.log_prob)) for word in caption.words]
    asked = lowest(certain)
    if asked:
        least = dict(distinct(certain))[asked[0][asked[1]]]
        question = posed(
            Sentence("Of which of these words was the model least sure?"),
            *asked,
            Sentence(
                "It gave that word {share}: other words were still in play. A low probability does not make a "
                "word wrong, and a high one does not make it right.",
                share=percent(least),
            ),
            [
                Sentence(
                    "It gave “{word}” {share}, more than another of these.",
                    word=word,
                    share=percent(dict(distinct(certain))[word]),
                )
                for word in others(*asked)
            ],
        )
    else:
        question = posed(
            Sentence("A word has a probability of 90%. What does that say?"),
            [
                Sentence("Nine of ten radiologists would write it."),
                Sentence("Given the pictures and the words before it, the model puts 90% on this word."),
                Sentence("The finding is there with a certainty of 90%."),
            ],
            1,
            Sentence("It is a statement about the next word, by this model. It is not about the patient."),
            [
                Sentence("No radiologist was asked: the number is the model’s own."),
                Sentence("The number is about the next word. Whether the finding is there is another question."),
            ],
        )
    return {
        "body": [
            Sentence(
                "The model writes an impression one word at a time. At each place it gives every word of its "
                "vocabulary a probability, from both pictures and from the words that it has written so far; greedy "
                "search takes the likeliest. The tint of a word on the page is that probability."
            ),
        ],
        "facts": [
            Sentence(
                "For the example “{title}” this checkpoint writes {written}",
                title=Sentence(entry["title"]),
                written=quoted(caption.text),
            )
        ],
        "show": showing(
            entry,
            "explain",
            Sentence("Find the palest word, and see what else could have stood there."),
            Sentence("Show the impression"),
        ),
        **question,
    }


def attention(context: LessonContext) -> dict[str, Any]:
    """The step about what attention is; for a checkpoint without it, about what follows from that."""
    entry = context.abnormal[0]
    show = showing(
        entry,
        "explain",
        Sentence("Choose “cells” below the pictures, and read single cells under the pointer."),
        Sentence("Show a map"),
    )
    if not context.model.has_attention:
        return {
            "body": [
                Sentence(
                    "A network with attention spreads its reading over the cells of the pictures anew for each word. "
                    "This checkpoint has none: it sees each picture as one whole."
                )
            ],
            "facts": [Sentence("This checkpoint has no attention, so its words have no maps of their own.")],
            "show": show,
            **posed(
                Sentence("Can such a model tell where it looked for a word?"),
                [
                    Sentence("Yes, from its probabilities."),
                    Sentence("No, other methods must find that out from outside."),
                ],
                1,
                Sentence("Its probabilities say how sure it is. Where it looked must be tested, as by covering parts."),
                [Sentence("A probability says how sure it is of a word, and nothing about a place.")],
            ),
        }
    rows, columns = context.model.grid
    cells = rows * columns
    caption = context.caption(entry)
    strongest = max(
        ((float(word.attention.max()), word.text) for word in caption.words if word.attention is not None), default=None
    )
    facts = [
        Sentence(
            "This checkpoint reads {rows} × {columns} cells of each view, {cells} in all.",
            rows=rows,
            columns=columns,
            cells=2 * cells,
        )
    ]
    if strongest:
        facts.append(
            Sentence(
                "The strongest cell of its impression holds {share} of the attention of “{word}”.",
                share=percent(strongest[0]),
                word=strongest[1],
            )
        )
    return {
        "body": [
            Sentence(
                "The encoder turns each picture into a grid of cells, each with a list of numbers that say what is "
                "there. Before each word the decoder spreads a budget over all cells of both views: its attention. "
                "What it reads is the mean of the cells, weighted by it."
            ),
            Sentence("The heatmap of a word is this spread, and nothing else."),
        ],
        "facts": facts,
        "show": show,
        **posed(
            Sentence(
                "The attention of a word adds up to 100% over all cells of both views. If it were spread evenly, how "
                "much would one cell hold?"
            ),
            [
                Sentence("about {share}", share=Number(f"{100 / (2 * cells):.2g}%")),
                Sentence("about {share}", share=Number(f"{100 / cells:.2g}%")),
                Number("100%"),
            ],
            0,
            Sentence(
                "100% shared among {cells} cells. The page says under the pointer how many times an even share a "
                "cell holds.",
                cells=2 * cells,
            ),
            [
                Sentence(
                    "That would be the share if one view’s {cells} cells were all. Both views draw on one budget.",
                    cells=cells,
                ),
                Sentence(
                    "Then nothing would be left for any other cell: that is the opposite of an even spread.",
                ),
            ],
        ),
    }


def views(context: LessonContext) -> dict[str, Any]:
    """The step about the shares of the two views."""
    entry = context.first(
        lambda entry: len(context.caption(entry).words) >= 3 and entry["lateral"], context.abnormal[::-1]
    )
    caption = context.caption(entry)
    shares = [(word.text, word.view_share) for word in caption.words]
    frontal = [(word, float(share[0])) for word, share in shares if share is not None]
    asked = lowest(frontal) if entry["lateral"] else None
    if asked:
        share = 1 - dict(distinct(frontal))[asked[0][asked[1]]]
        question = posed(
            Sentence("Which of these words leans most on the lateral view?"),
            *asked,
            Sentence(
                "{share} of its attention lies there. Half is what no preference at all would give, so a share "
                "near a half says little.",
                share=percent(share),
            ),
            [
                Sentence(
                    "{share} of the attention of “{word}” lies on the lateral view: another of these has more there.",
                    share=percent(1 - dict(distinct(frontal))[word]),
                    word=word,
                )
                for word in others(*asked)
            ],
        )
    else:
        question = posed(
            Sentence("A word has 52% of its attention on the lateral view. What follows?"),
            [
                Sentence("The lateral view decided."),
                Sentence("Hardly anything: half is what no preference would give."),
            ],
            1,
            Sentence("Compare a share with what no preference would give before you read anything into it."),
            [Sentence("Two points more than an even split decide nothing: 50% is what no preference gives.")],
        )
    return {
        "body": [
            Sentence(
                "A radiologist looks for some findings on one view above all: for a little fluid behind the diaphragm "
                "on the lateral, for the width of the heart on the frontal. A model need not do the same: where it "
                "read is measured, not assumed. Both views share one budget, so each word tells the share of each."
            )
        ],
        "facts": [writes(entry, caption.text)],
        "show": showing(
            entry,
            "explain",
            Sentence("Step through the words with the arrow keys, and watch the two shares."),
            Sentence("Show the shares"),
        ),
        **question,
    }
