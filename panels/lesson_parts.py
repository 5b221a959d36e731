"""What the steps of the lesson are made of: questions, answers among the words, and what the page is to show."""

from panels.lesson_room import LENGTH_PENALTY, WIDTH

APART = 0.03  # by so much a word must differ from the right one to stand among the answers
MOST_OPTIONS = 4


def percent(share):
    """A probability in words."""
    return "under 1%" if share < 0.005 else f"{share:.0%}"


def quoted(text):
    """A text in quotation marks."""
    return f"“{text}”" if text else "nothing at all"


def posed(question, options, answer, why):
    """A question; `answer` is a place among the options, `why` the explanation of it."""
    return {"question": question, "options": options, "answer": answer, "why": why}


def showing(entry, panel, task, label, decoding="greedy", changes=None):
    """What the page is to show for a step."""
    settings = {"decoding": decoding, "width": WIDTH, "length_penalty": LENGTH_PENALTY}
    return {"example": entry["name"], "panel": panel, "task": task, "label": label, "settings": settings,
            "changes": changes}  # fmt: skip


def distinct(words):
    """Words as `(text, value)` without full stops; of a text that comes twice, the first with the lowest value."""
    best = {}
    for text, value in words:
        if text != "." and (text not in best or value < best[text]):
            best[text] = value
    return list(best.items())


def lowest(words):
    """`(options, answer)`: the text of the lowest value among some others that are clearly higher; None for too few."""
    ranked = sorted(distinct(words), key=lambda word: word[1])
    if len(ranked) < 2:
        return None
    others = [text for text, value in ranked[1:] if value - ranked[0][1] >= APART][-(MOST_OPTIONS - 1) :]
    if not others:
        return None
    options = sorted([ranked[0][0], *others])
    return options, options.index(ranked[0][0])
