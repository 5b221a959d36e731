"""Pictures changed on purpose, to ask what the model would have said: light, paint, blank or swapped views.

Asking a model about inputs that were changed by hand is occlusion at its simplest; source: Zeiler and Fergus,
"Visualizing and understanding convolutional networks" (2014), section 4.2.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from captioner.errors import BadInput
from captioner.images.study import Study, View
from captioner.sentence import Sentence

GRID = 128  # rows and columns of a mask; it is stretched over the picture, whatever its shape
FILLS = ("black", "grey", "white", "blurred")  # a mask holds 0 for the picture itself, and 1 to 4 for these
PRESENCE = ("shown", "blank", "absent")
BRIGHTEST = 100.0  # grey levels of 255, added or taken away at the most
STEEPEST = 4.0  # contrast factor at the most; its inverse at the least
COARSE = 8  # a blurred picture keeps as many rows and columns as this: light and dark, no anatomy
MIDDLE = 127.5


@dataclass(frozen=True, eq=False)
class ViewChange:
    """What is done to one view: it is mirrored first, the rest follows in the order of the attributes.

    Attributes:
        brightness: grey levels that are added to each pixel, -100..100.
        contrast: factor by which a pixel's distance from middle grey grows, 0.25..4.
        mask: uint8 `(GRID, GRID)`, 0 where the picture stays, else 1 + the place in FILLS of what covers it; None for
            none. It is stretched over the whole picture.
        presence: "shown", "blank" (all black), or "absent" (left out; the lateral only).
        mirrored: whether left and right change places.
    """

    brightness: float = 0.0
    contrast: float = 1.0
    mask: np.ndarray | None = None
    presence: str = "shown"
    mirrored: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the view stays as it is."""
        painted = self.mask is not None and bool(self.mask.any())
        lit = self.brightness == 0 and self.contrast == 1
        return lit and self.presence == "shown" and not painted and not self.mirrored


@dataclass(frozen=True)
class Changes:
    """What is done to a study: to each view first, and then the views change places if `swap` is set."""

    frontal: ViewChange = ViewChange()
    lateral: ViewChange = ViewChange()
    swap: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the study stays as it is."""
        return self.frontal.nothing and self.lateral.nothing and not self.swap


def intervene(study: Study, changes: Changes) -> Study:
    """The study with changed pictures; the given one is left alone.

    Args:
        study: Study.
        changes: Changes. What is asked of a lateral that is missing is left out.

    Returns:
        Study; its notices are those of `study`.

    Raises:
        BadInput: the frontal view is left out, or the views are to be swapped where there is no lateral.
    """
    if changes.frontal.presence == "absent":
        raise BadInput(Sentence("The frontal view cannot be left out: blank it instead."))
    frontal = change(study.frontal.pixels, changes.frontal)
    lateral = None
    if study.lateral is not None and changes.lateral.presence != "absent":
        lateral = change(study.lateral.pixels, changes.lateral)
    if changes.swap:
        if lateral is None:
            raise BadInput(Sentence("There is no lateral view to swap the frontal one with."))
        frontal, lateral = lateral, frontal
    return Study(View("frontal", frontal), None if lateral is None else View("lateral", lateral), study.notices)


def change(pixels: np.ndarray, asked: ViewChange) -> np.ndarray:
    """One picture, changed.

    Args:
        pixels: uint8 `(rows, columns)`.
        asked: ViewChange.

    Returns:
        uint8 `(rows, columns)`, the same array where nothing is asked.
    """
    if asked.nothing:
        return pixels
    if asked.presence == "blank":
        return np.zeros_like(pixels)
    if asked.mirrored:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    levels = (np.arange(256) - MIDDLE) * asked.contrast + MIDDLE + asked.brightness
    changed = np.clip(np.rint(levels), 0, 255).astype(np.uint8)[pixels]  # (rows, columns)
    if asked.mask is None or not asked.mask.any():
        return changed
    where = _stretched(asked.mask, pixels.shape)
    for code in np.unique(asked.mask[asked.mask > 0]):
        covered = where == code
        changed[covered] = _fill(FILLS[code - 1], pixels)[covered]
    return changed


def rectangle(top: float, left: float, bottom: float, right: float) -> np.ndarray:
    """The cells of a mask that a rectangle covers, by their centres: bool `(GRID, GRID)`.

    Args:
        top, left, bottom, right: shares of the picture's height and width, 0..1.
    """
    centres = (np.arange(GRID) + 0.5) / GRID
    return ((centres >= top) & (centres < bottom))[:, None] & ((centres >= left) & (centres < right))


def _stretched(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The mask's code at each pixel: pixel i of n takes cell floor(i * GRID / n)."""
    rows, columns = (np.arange(count) * GRID // count for count in shape)
    return mask[rows[:, None], columns]


def _fill(name: str, pixels: np.ndarray) -> np.ndarray:
    """What replaces covered pixels: uint8 `(rows, columns)`. Grey and blurred come from the unchanged picture."""
    if name == "blurred":
        small = cv2.resize(pixels, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
    level = {"black": 0, "grey": round(float(pixels.mean())), "white": 255}[name]
    return np.full_like(pixels, level)
