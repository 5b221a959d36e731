"""Where a caption or the index says that a finding is: coarse masks, to train the attention on real studies.

"Opacity in the right lower lobe" places `opacity`, `right` and `lower` in the lower part of the patient's right, which
is the left half of the frontal picture. A lateral view does not show sides, only heights.
"""

from collections.abc import Sequence

import numpy as np

from captioner.reports.findings import mentions
from captioner.reports.index_locations import placed_words

SIZE = 16  # rows and columns of a mask; it is stretched to the picture later
# Shares of the picture's height; they overlap, since lungs end at different heights.
WHOLE, UPPER, MIDDLE, LOWER = (0.0, 1.0), (0.05, 0.48), (0.3, 0.65), (0.45, 0.95)
UPPER_WORDS = {"upper", "apex", "apical", "apices", "biapical"}
LOWER_WORDS = {"lower", "base", "bases", "basal", "basilar", "bibasilar", "costophrenic", "lingular"}
LEFT, RIGHT = (0.5, 1.0), (0.0, 0.5)  # of the frontal picture's width: the patient faces the reader
PLACE_WORDS = {"left", "right"} | UPPER_WORDS | LOWER_WORDS


def places_in(caption: str, mesh: Sequence[str] = ()) -> dict[int, np.ndarray]:
    """Which words of a cleaned caption are placed, and where.

    Only sentences that state a finding count, and only those that name one side, one height, or one of each. Words of
    a finding whose own sentence does not place it lie where the index says.

    Args:
        caption: the cleaned impression.
        mesh: the index's terms of the study.

    Returns:
        dict token position -> bool `(2, 16, 16)`, frontal and lateral.
    """
    tokens = caption.split()
    stated = {position for _, start, end in mentions(caption) for position in range(start, end)}
    heights = {"upper": UPPER, "middle": MIDDLE, "lower": LOWER, None: WHOLE}
    sides = {"left": LEFT, "right": RIGHT, None: WHOLE}
    places = {
        word.position: box(heights[word.place.zone], sides[word.place.side]) for word in placed_words(caption, mesh)
    }
    start = 0
    for stop in [position for position, token in enumerate(tokens) if token == "."] + [len(tokens)]:
        sentence = range(start, stop)
        named = stated.intersection(sentence)
        words = {tokens[position] for position in sentence}
        if named:
            mask = _mask(words)
            if mask is not None:
                chosen = named | {position for position in sentence if tokens[position] in PLACE_WORDS}
                places.update(dict.fromkeys(chosen, mask))
        start = stop + 1
    return places


def _mask(words: set[str]) -> np.ndarray | None:
    """The mask that a sentence's words describe, bool `(2, 16, 16)`; None when they name no place, or several."""
    left, right = "left" in words, "right" in words
    upper, lower = bool(words & UPPER_WORDS), bool(words & LOWER_WORDS)
    if (
        (left and right)
        or (upper and lower)
        or not (left or right or upper or lower)
        or "bilateral" in words
        and not (upper or lower)
    ):
        return None
    return box(UPPER if upper else LOWER if lower else WHOLE, LEFT if left else RIGHT if right else WHOLE)


def box(height: tuple[float, float], width: tuple[float, float]) -> np.ndarray:
    """bool `(2, 16, 16)`: a stretch of the height on both views, and of the width on the frontal one."""
    rows, columns = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    rows[_span(height)] = True
    columns[_span(width)] = True
    return np.stack([rows[:, None] & columns, np.broadcast_to(rows[:, None], (SIZE, SIZE))])


def _span(shares: tuple[float, float]) -> slice:
    return slice(*(int(round(share * SIZE)) for share in shares))
