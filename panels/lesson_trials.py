"""The steps of the lesson that change pictures: where a map misleads, a test of it, and the control of that test."""

from panels.lesson_parts import lowest, percent, posed, quoted, showing
from panels.lesson_room import black, covered, elsewhere

CLEAR = 0.1  # a probability that moves by as much has clearly moved
LIKELY = 0.2  # a word below that was a guess with pictures and without


def misleads(room):
    def moves(entry):
        words = [word for word in room.changed(entry, black(entry)) if word["before"] >= LIKELY]
        moved = [(word["text"], abs(word["after"] - word["before"])) for word in words]
        # Only a word that hardly moves at all makes the point.
        return words, lowest(moved) if min((by for _, by in moved), default=1) < CLEAR else None

    entry = room.first(lambda entry: moves(entry)[1] is not None)
    words, asked = moves(entry)
    if asked:
        steady = min((word for word in words if word["text"] == asked[0][asked[1]]),
                     key=lambda word: abs(word["after"] - word["before"]))  # fmt: skip
        question = posed(
            "Both views are turned black. Which of these words cares least?", *asked,
            f"“{steady['text']}” goes from {percent(steady['before'])} to {percent(steady['after'])}. It owes "
            "little to the pictures here, yet it has a heatmap, drawn as bright as any other.",
        )  # fmt: skip
    else:
        question = posed(
            "A word is as likely with black pictures as with the real ones. What is its heatmap worth?",
            ["It shows what in the picture made the model write the word.",
             "It shows where the decoder read, though what it read made no difference."], 1,
            "Attention always adds up to 100%, even where nothing that is read matters.",
        )  # fmt: skip
    return {
        "body": [
            "Attention is a budget that must be spent: even a word that needs no picture gets a map. And a map is "
            "scaled so that its strongest cell is full colour, however weak it is.",
            "The way to know is to change the pictures and ask again.",
        ],
        "facts": [f"For “{entry['title']}” this checkpoint writes {quoted(room.caption(entry).text)}"],
        "show": showing(entry, "what-if", "Both views are black now. Look for bars that did not move.",
                      "Blank both views", changes=black(entry)),
        **question,
    }  # fmt: skip


def _case(room):
    """`(entry, place, boxes)`: an example, which of its words stands for what was planted, and where that lies."""

    def named(entry):
        wanted = {word for finding in (entry.get("findings") or [])[:1] for word in finding.get("words", ())}
        texts = [word.text for word in room.caption(entry).words]
        return next((place for place, text in enumerate(texts) if text in wanted), None)

    entry = room.first(lambda entry: named(entry) is not None, room.abnormal)
    boxes, place = room.planted(entry), named(entry)
    if place is None:
        moved = [abs(word["after"] - word["before"]) for word in room.changed(entry, covered(boxes))]
        place = max(range(len(moved)), key=moved.__getitem__, default=None)
    return entry, place, boxes


def cover(room):
    entry, place, boxes = _case(room)
    show = showing(entry, "what-if", "The place is covered with blur. Read the bar of the word, before and after.",
                 "Cover the place", changes=covered(boxes))  # fmt: skip
    body = ["If a word rests on a place, hiding the place must cost it probability. In the examples the place is "
            "known, so the test is fair: cover it on both views, with blur rather than black."]  # fmt: skip
    if place is None:
        return {"body": body, "facts": ["This checkpoint writes nothing for this example."], "show": show,
                **posed("Why blur and not black?", ["A black hole is a new thing in itself.", "Blur is faster."], 0,
                            "The model may react to the hole and not to what is missing.")}  # fmt: skip
    word = room.changed(entry, covered(boxes))[place]
    change = word["after"] - word["before"]
    answer = 0 if change <= -CLEAR else 2 if change >= CLEAR else 1
    meaning = (
        "The word needs something that was there; the next step asks whether any cover would do the same.",
        "So the word does not rest on that place alone, whatever its map shows: the model finds reasons elsewhere, or "
        "in language.",
        "Hiding the finding makes the word likelier: what the model reads there speaks against it.",
    )[answer]
    return {
        "body": body,
        "facts": [f"For “{entry['title']}” this checkpoint writes {quoted(room.caption(entry).text)}",
                  f"“{word['text']}” has {percent(word['before'])}."],
        "show": show,
        **posed(
            f"Guess first: when the place of the finding is covered, “{word['text']}” becomes",
            ["less likely, by ten points or more", "about as likely as before", "more likely, by ten points or more"],
            answer,
            f"From {percent(word['before'])} to {percent(word['after'])}. {meaning}",
        ),
    }  # fmt: skip


def control(room):
    entry, place, boxes = _case(room)
    control = {view: elsewhere(box) for view, box in boxes.items()}
    facts = []
    if place is not None:
        here, there = (room.changed(entry, covered(where))[place] for where in (boxes, control))
        facts = [f"Covering the finding takes “{here['text']}” from {percent(here['before'])} to "
                 f"{percent(here['after'])}.",
                 f"Covering as much elsewhere takes it to {percent(there['after'])}."]  # fmt: skip
    return {
        "body": ["A test needs a control. Cover an area of the same size far from the finding: if the word falls as "
                 "much, the first test has shown nothing about the place.",
                 "The panel Trust repeats this with many random areas, and adds curves and random weights."],
        "facts": facts,
        "show": showing(entry, "what-if", "The cover lies far from the finding now. Compare with the step before.",
                      "Cover another place", changes=covered(control)),
        **posed(
            "Covering the finding costs a word 30 points; covering an equal area elsewhere costs it 28. What follows?",
            ["The word rests on the finding.", "The word falls under any cover: the test cannot tell.",
             "The impression is right."], 1,
            "Only a clear difference from the control speaks for the place, and one control is few.",
        ),
    }  # fmt: skip
