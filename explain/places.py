"""Where a map is strongest, in words that a radiologist means by them: every sentence about a place comes from here.

On a frontal view left and right are the patient's, who faces the reader: the patient's right is on the picture's
left. A lateral view has a front and a back, and no sides. Of a picture that may be mirrored, or does not show which
way round it is, only the picture's own left and right are named.
"""

from collections.abc import Sequence

import numpy as np

from captioner.images.orientation import MIRRORED, USUAL
from captioner.numbers import percent
from captioner.sentence import Sentence
from explain.heatmap import WHOLE, Extent

CONVENTION = Sentence("R and L: the patient’s right and left, as the patient faces you.")
UNSURE = Sentence("This picture may be mirrored, or does not show its side: left and right are the picture’s own.")

_MIDLINE = (0.4, 0.6)  # of a frontal picture's width: spine and mediastinum; beyond lie the lungs
_THIRDS = (1 / 3, 2 / 3)
_OWN = (Sentence("picture’s left"), Sentence("centre"), Sentence("picture’s right"))
_ACROSS = {
    ("frontal", USUAL): (Sentence("patient’s right"), Sentence("midline"), Sentence("patient’s left")),
    ("lateral", USUAL): (Sentence("front"), Sentence("centre"), Sentence("back")),
    ("lateral", MIRRORED): (Sentence("back"), Sentence("centre"), Sentence("front")),
}
_DOWN = {
    "frontal": (
        Sentence("{across}, upper zone"),
        Sentence("{across}, middle zone"),
        Sentence("{across}, lower zone"),
    ),
    "lateral": (
        Sentence("{across}, upper third"),
        Sentence("{across}, middle third"),
        Sentence("{across}, lower third"),
    ),
}


def named(down: int, across: int, view: str, orientation: str = USUAL) -> Sentence:
    """The name of a ninth of a picture.

    Args:
        down, across: 0, 1 or 2, from the picture's upper left.
        view: name of the view; what follows a comma in it does not count.
        orientation: of the picture, as `captioner.images.orientation.orientation` tells it.

    >>> named(2, 2, "frontal")
    'patient’s left, lower zone'
    >>> named(2, 0, "lateral")
    'front, lower third'
    """
    view = view.split(",")[0]
    across_name = _ACROSS.get((view, orientation), _OWN)[across]
    return _DOWN["frontal" if view == "frontal" else "lateral"][down].filled(across=across_name)


def edges(view: str) -> tuple[float, float]:
    """Where the three columns that `named` tells apart meet, as shares of a picture's width."""
    return _MIDLINE if view.split(",")[0] == "frontal" else _THIRDS


def marks(view: str, orientation: str = USUAL) -> tuple[str, str] | None:
    """The letters at the left and the right edge of a picture; None where none can be set."""
    return ("R", "L") if view.split(",")[0] == "frontal" and orientation == USUAL else None


def convention(view: str, orientation: str = USUAL) -> str:
    """The sentence beside a picture that says whose left and right are meant; "" where neither is spoken of."""
    view = view.split(",")[0]
    if (view, orientation) not in _ACROSS:
        return UNSURE
    return CONVENTION if view == "frontal" else ""


def place(grid: np.ndarray, view: str, orientation: str = USUAL, extent: Extent = WHOLE) -> Sentence | None:
    """Where the strongest cell of one view's map lies; None where nothing is positive.

    Args:
        grid: `(rows, columns)`.
        view, orientation: as in `named`.
        extent: the part of the picture that the grid covers.
    """
    grid = np.asarray(grid)
    if not grid.size or not grid.max() > 0:
        return None
    row, column = np.unravel_index(int(grid.argmax()), grid.shape)
    down = extent.top + (row + 0.5) / grid.shape[0] * (extent.bottom - extent.top)
    across = extent.left + (column + 0.5) / grid.shape[1] * (extent.right - extent.left)
    return named(min(int(down * 3), 2), sum(across >= edge for edge in edges(view)), view, orientation)


def sentences(
    maps: Sequence[np.ndarray] | np.ndarray,
    shares: Sequence[float] | np.ndarray | None,
    views: Sequence[str],
    orientations: Sequence[str],
    extent: Extent = WHOLE,
) -> list[Sentence]:
    """What a word's maps say of each view, such as "80% lateral, strongest at the back, lower third".

    Args:
        maps: one `(rows, columns)` per view.
        shares: each view's share of what spoke for the word, 0..1; None where nothing did.
        views, orientations: of each view, as in `named`.
        extent: the part of the pictures that the maps cover.
    """
    told = []
    for number, view in enumerate(views):
        if shares is None:
            told.append(Sentence("nothing on the {view}", view=Sentence(view)))
            continue
        where = place(maps[number], view, orientations[number], extent)
        found = {"share": percent(shares[number]), "view": Sentence(view)}
        told.append(
            Sentence("{share} {view}", **found)
            if where is None
            else Sentence("{share} {view}, strongest at the {where}", **found, where=where)
        )
    return told
