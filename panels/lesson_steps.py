"""The steps of the lesson: what each tells, shows and asks. What it says of the model is measured on the checkpoint."""

from math import exp

from panels.lesson_parts import distinct, lowest, percent, posed, quoted, showing
from panels.lesson_trials import control, cover, misleads
from panels.score import score


def _words(room):
    entry = room.abnormal[0]
    caption = room.caption(entry)
    certain = [(word.text, exp(word.log_prob)) for word in caption.words]
    asked = lowest(certain)
    if asked:
        least = dict(distinct(certain))[asked[0][asked[1]]]
        question = posed(
            "Of which of these words was the model least sure?", *asked,
            f"It gave that word {percent(least)}: other words were still in play. A low probability does not make a "
            "word wrong, and a high one does not make it right.",
        )  # fmt: skip
    else:
        question = posed(
            "A word has a probability of 90%. What does that say?",
            ["Nine of ten radiologists would write it.",
             "Given the pictures and the words before it, the model puts 90% on this word.",
             "The finding is there with a certainty of 90%."], 1,
            "It is a statement about the next word, by this model. It is not about the patient.",
        )  # fmt: skip
    return {
        "body": [
            "The model writes an impression one word at a time. At each place it gives every word of its vocabulary a "
            "probability, from both pictures and from the words that it has written so far; greedy search takes the "
            "likeliest. The tint of a word on the page is that probability.",
        ],
        "facts": [f"For the example “{entry['title']}” this checkpoint writes {quoted(caption.text)}"],
        "show": showing(entry, "explain", "Find the palest word, and see what else could have stood there.",
                      "Show the impression"),
        **question,
    }  # fmt: skip


def _attention(room):
    entry = room.abnormal[0]
    show = showing(entry, "explain", "Choose “cells” below the pictures, and read single cells under the pointer.",
                 "Show a map")  # fmt: skip
    if not room.model.has_attention:
        return {
            "body": ["A network with attention spreads its reading over the cells of the pictures anew for each word. "
                     "This checkpoint has none: it sees each picture as one whole."],
            "facts": ["This checkpoint has no attention, so its words have no maps of their own."],
            "show": show,
            **posed("Can such a model tell where it looked for a word?",
                        ["Yes, from its probabilities.", "No, other methods must find that out from outside."], 1,
                        "Its probabilities say how sure it is. Where it looked must be tested, as by covering parts."),
        }  # fmt: skip
    rows, columns = room.model.grid
    cells = rows * columns
    shares = [f"about {100 / (2 * cells):.2g}%", f"about {100 / cells:.2g}%", "100%"]
    caption = room.caption(entry)
    strongest = max(
        ((float(word.attention.max()), word.text) for word in caption.words if word.attention is not None), default=None
    )
    facts = [f"This checkpoint reads {rows} × {columns} cells of each view, {2 * cells} in all."]
    if strongest:
        facts.append(f"The strongest cell of its impression holds {percent(strongest[0])} of the attention of "
                     f"“{strongest[1]}”.")  # fmt: skip
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
            "would one cell hold?", shares, 0,
            f"100% shared among {2 * cells} cells. The page says under the pointer how many times an even share a "
            "cell holds.",
        ),
    }  # fmt: skip


def _views(room):
    entry = room.first(lambda entry: len(room.caption(entry).words) >= 3 and entry["lateral"], room.abnormal[::-1])
    caption = room.caption(entry)
    frontal = [(word.text, float(word.view_share[0])) for word in caption.words] if room.model.has_attention else []
    asked = lowest(frontal) if entry["lateral"] else None
    if asked:
        share = 1 - dict(distinct(frontal))[asked[0][asked[1]]]
        question = posed(
            "Which of these words leans most on the lateral view?", *asked,
            f"{percent(share)} of its attention lies there. Half is what no preference at all would give, so a share "
            "near a half says little.",
        )  # fmt: skip
    else:
        question = posed(
            "A word has 52% of its attention on the lateral view. What follows?",
            ["The lateral view decided.", "Hardly anything: half is what no preference would give."], 1,
            "Compare a share with what no preference would give before you read anything into it.",
        )
    return {
        "body": ["Some findings show on one view only: fluid behind the diaphragm on the lateral, the width of the "
                 "heart on the frontal. Both views share one budget, so each word tells the share of each."],
        "facts": [f"For “{entry['title']}” this checkpoint writes {quoted(caption.text)}"],
        "show": showing(entry, "explain", "Step through the words with the arrow keys, and watch the two shares.",
                      "Show the shares"),
        **question,
    }  # fmt: skip


def _searches(room):
    def part(entry):
        return room.caption(entry).text != room.caption(entry, "beam").text

    entry = room.first(part, tried=len(room.entries))
    greedy, beam = room.caption(entry), room.caption(entry, "beam")
    same = greedy.text == beam.text
    facts = [f"Greedy: {quoted(greedy.text)} (log probability {greedy.log_prob:.2f})",
             f"Beam, width 3: {quoted(beam.text)} (log probability {beam.log_prob:.2f})"]  # fmt: skip
    if same:
        facts.append("Here both find the same. The tree on the page shows what the beam gave up.")
    return {
        "body": [
            "Greedy search takes the likeliest word and never looks back. Beam search keeps several beginnings, goes "
            "on with all of them, and drops those that fall behind. In the end it ranks whole impressions, here by log "
            "probability divided by a power of their length, so that short ones are not favoured.",
        ],
        "facts": facts,
        "show": showing(entry, "compare", "Find the first place where the two part, and open the tree there.",
                      "Show both side by side", decoding="beam"),
        **posed(
            "Is what beam search puts first always at least as likely as what greedy search finds?",
            ["Yes: it looks at more.",
             "No: it may drop greedy’s beginning on the way, and it does not rank by probability alone.",
             "No: it draws at random."], 1,
            "With few places in the beam, greedy’s beginning can be dropped before it pays off, and the length penalty "
            "can put a less likely impression first. More likely is not more correct either.",
        ),
    }  # fmt: skip


def _wrong(room):
    def judged(entry):
        return score(entry["impression"], room.caption(entry).text)["findings"]

    def sureness(entry):
        words = room.caption(entry).words
        return exp(sum(word.log_prob for word in words) / max(len(words), 1))

    wrong = [entry for entry in room.abnormal if judged(entry)["missed"] or judged(entry)["made_up"]]
    entry = max(wrong or room.abnormal, key=sureness)  # the surest of the wrong ones
    found, caption = judged(entry), room.caption(entry)
    missed, made_up = bool(found["missed"]), bool(found["made_up"])
    told = [f"{name}: {', '.join(found[key])}" for key, name in
            (("agreed", "Agreed"), ("missed", "Missed"), ("made_up", "Made up")) if found[key]]  # fmt: skip
    return {
        "body": [
            "The examples are drawn by a computer, so it is known what was planted in them. Hold the model’s "
            "impression against that, finding by finding.",
        ],
        "facts": [f"“{entry['title']}” was made to show {quoted(entry['impression'])}",
                  f"This checkpoint writes {quoted(caption.text)}"],
        "show": showing(entry, "score", "Compare the marks in both texts.", "Show the score"),
        **posed(
            "What did the model do with what was planted?",
            ["It named it, and nothing else.", "It missed something, and made nothing up.",
             "It missed nothing, but made something up.", "It missed something and made something up."],
            missed + 2 * made_up,
            f"{'. '.join(told) or 'Both texts name no finding'}. Its words have a probability of "
            f"{percent(sureness(entry))} each on average (geometric mean): how sure "
            "a model is of its sentence says little about the patient.",
        ),
    }  # fmt: skip


def _remember(room):
    return {
        "body": [
            "A probability is about the next word. A map is where the decoder read. Neither says why, and neither says "
            "that the impression is right.",
            "Why is a question for tests: change the pictures, watch the word, and have a control.",
        ],
        "facts": [],
        "show": showing(room.abnormal[-1], "explain", "Now try it on an example of your own choice.",
                        "Back to the pictures"),
        **posed(
            "The map of “enlarged” lies on the heart. Which sentence is justified?",
            ["The model measured the heart and found it enlarged.",
             "Writing the word, the decoder read mostly there; whether that mattered needs a test.",
             "The heart is enlarged."], 1,
            "That much the map says, and no more. You now know how to ask for the rest.",
        ),
    }  # fmt: skip


STEPS = (
    ("Word by word", _words),
    ("What attention is", _attention),
    ("Two views, one budget", _views),
    ("Greedy against beam", _searches),
    ("Sure, and wrong", _wrong),
    ("Where a map misleads", misleads),
    ("Test it: cover the place", cover),
    ("Test the test", control),
    ("What a map may say", _remember),
)
TITLES = tuple(title for title, _ in STEPS)


def step(number, room):
    """One step of the lesson as plain data.

    Args:
        number: 1 to len(STEPS).
        room: panels.lesson_room.Room.

    Returns:
        dict: `number`, `title`; `body` and `facts`, lists of sentences; `question`, `options`, `answer` (a place among
        the options), `why`; `show`, what the page is to show: `example`, `settings`, `panel`, `changes` or None, `label` of
        the button and `task`, what to look for.
    """
    title, tell = STEPS[number - 1]
    return {"number": number, "title": title, **tell(room)}
