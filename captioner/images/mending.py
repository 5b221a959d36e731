"""What would mend a picture that was given wrongly: inverted, turned, mirrored, or the two views swapped.

`captioner.images.study` offers it beside the sentence that says what seems to be wrong, and does it when asked to. A
mending goes by a name, "frontal: invert" or "both: swap", so that a page or a program can ask for it.
"""

from dataclasses import dataclass

import numpy as np

from captioner.errors import BadInput
from captioner.sentence import Sentence

WAYS = {
    "invert": lambda pixels: 255 - pixels,
    "turn left": lambda pixels: np.rot90(pixels, 1),
    "turn right": lambda pixels: np.rot90(pixels, 3),
    "turn over": lambda pixels: np.rot90(pixels, 2),
    "mirror": lambda pixels: pixels[:, ::-1],
}
SWAP = "swap"
BOTH = "both"
_NAMES = ", ".join(WAYS)
MOST = 8  # mendings of one study, one after the other

_OFFERS = {
    "invert": Sentence("Invert the {view} picture"),
    "turn left": Sentence("Turn the {view} picture to the left by 90 degrees"),
    "turn right": Sentence("Turn the {view} picture to the right by 90 degrees"),
    "turn over": Sentence("Turn the {view} picture by 180 degrees"),
    "mirror": Sentence("Mirror the {view} picture"),
    SWAP: Sentence("Swap the two views"),
}
_DONE = {
    "invert": Sentence("The {view} picture was inverted"),
    "turn left": Sentence("The {view} picture was turned to the left by 90 degrees"),
    "turn right": Sentence("The {view} picture was turned to the right by 90 degrees"),
    "turn over": Sentence("The {view} picture was turned by 180 degrees"),
    "mirror": Sentence("The {view} picture was mirrored"),
    SWAP: Sentence("The two views were swapped"),
}


@dataclass(frozen=True)
class Mending:
    """One change that would put a study right.

    Attributes:
        view: "frontal" or "lateral", the name that the picture has when it is changed; BOTH for SWAP.
        way: a key of WAYS, or SWAP.
    """

    view: str
    way: str

    @property
    def name(self) -> str:
        """As `named` reads it."""
        return f"{self.view}: {self.way}"

    @property
    def offer(self) -> Sentence:
        """What a button says that does it."""
        return _OFFERS[self.way].filled(view=Sentence(self.view))

    @property
    def done(self) -> Sentence:
        """A notice for whoever reads the impression of the mended study."""
        done = _DONE[self.way].filled(view=Sentence(self.view))
        return Sentence("{done} before it was read; the file is as it came.", done=done)


def named(name: object) -> Mending:
    """The mending of that name.

    Raises:
        BadInput: there is none.

    >>> named("frontal: invert").offer
    'Invert the frontal picture'
    """
    view, _, way = name.partition(": ") if isinstance(name, str) else ("", "", "")
    if (view in ("frontal", "lateral") and way in WAYS) or (view == BOTH and way == SWAP):
        return Mending(view, way)
    raise BadInput(
        Sentence(
            'There is no such mending of a picture: it is "frontal: " or "lateral: " with {names}, or "both: swap".',
            names=_NAMES,
        )
    )


def names_in(text: str) -> tuple[str, ...]:
    """The mendings that a cell of a table names, with semicolons between them.

    Raises:
        BadInput: one of them is none.

    >>> names_in("frontal: invert; both: swap")
    ('frontal: invert', 'both: swap')
    """
    return tuple(named(name.strip()).name for name in text.split(";") if name.strip())


def mended(pixels: np.ndarray, way: str) -> np.ndarray:
    """A picture, uint8 `(rows, columns)`, changed in one of WAYS; read-only, and the rows may be columns then."""
    changed = np.ascontiguousarray(WAYS[way](pixels))
    changed.flags.writeable = False
    return changed
