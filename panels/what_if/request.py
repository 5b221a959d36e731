"""What a visitor asks to change, checked at the door: from the plain data of a browser to captioner's Changes.

What a visitor can type is refused in the language of the page; what only a program can send, in English.
"""

import base64
import binascii
from math import isfinite
from typing import Any

import numpy as np

from captioner import BadInput
from captioner.images.perturbation import BRIGHTEST, FILLS, GRID, PRESENCE, STEEPEST, Changes, ViewChange, rectangle
from captioner.language import text
from captioner.reports.cleaning import clean

LONGEST = 600  # characters of an impression to weigh: twice the longest ones
MAX_RECTANGLES = 32
_ENCODED = 4 * -(-GRID * GRID // 3)  # characters of a mask in base64: no other length is decoded
_OF_VIEW = {"brightness", "contrast", "presence", "mask", "paint", "mirrored"}
_OF_PAINT = {"fill", "top", "left", "bottom", "right"}


def changes(asked: Any) -> Changes:
    """Changes from plain data.

    Args:
        asked: dict with any of `swap`, `frontal` and `lateral`. A view is a dict with any of `brightness`, `contrast`,
            `presence`, `mirrored`, as in `captioner.images.perturbation.ViewChange`; `paint`, a list of
            `{"fill", "top", "left", "bottom", "right"}`, shares 0..1 of the picture; `mask`, GRID x GRID bytes in
            base64, row by row. None for nothing.

    Returns:
        Changes.

    Raises:
        BadInput: says which setting cannot be used, and what it may be.
    """
    asked = _known(asked, {"frontal", "lateral", "swap"}, "The changes")
    swap = asked.get("swap", False)
    if type(swap) is not bool:
        raise BadInput("swap must be true or false.")
    return Changes(_view(asked.get("frontal"), "frontal"), _view(asked.get("lateral"), "lateral"), swap)


def impression(typed: Any) -> str:
    """A typed impression, stripped; "" for none.

    Raises:
        BadInput: it is too long, or has no word in it.
    """
    typed = typed.strip() if isinstance(typed, str) else ""
    if len(typed) > LONGEST:
        raise BadInput(text("An impression may have {longest} characters at the most.", longest=LONGEST))
    if typed and not any(letter.isalnum() for letter in clean(typed)):
        raise BadInput(text("The typed impression has no word in it."))
    return typed


def _known(given: Any, names: set[str], what: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadInput(f"{what} must be an object with any of: {', '.join(sorted(names))}.")
    if not set(given) <= names:
        raise BadInput(f"{what} may hold only these: {', '.join(sorted(names))}.")
    return given


def _view(given: Any, name: str) -> ViewChange:
    given = _known(given, _OF_VIEW, f"The {name} view's changes")
    mirrored = given.get("mirrored", False)
    if type(mirrored) is not bool:
        raise BadInput(f"The {name} view's mirrored must be true or false.")
    presence = given.get("presence", "shown")
    allowed = [kind for kind in PRESENCE if name == "lateral" or kind != "absent"]
    if presence not in allowed:
        raise BadInput(f"The {name} view's presence is one of: {', '.join(allowed)}.")
    return ViewChange(
        _number(given.get("brightness", 0), -BRIGHTEST, BRIGHTEST, f"The {name} view's brightness"),
        _number(given.get("contrast", 1), 1 / STEEPEST, STEEPEST, f"The {name} view's contrast"),
        _painted(_mask(given.get("mask"), name), given.get("paint"), name),
        presence,
        mirrored,
    )


def _number(value: Any, low: float, high: float, what: str) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not isfinite(value) or not low <= value <= high:
        raise BadInput(f"{what} must be a number from {low:g} to {high:g}.")
    return float(value)


def _mask(encoded: Any, name: str) -> np.ndarray | None:
    """uint8 `(GRID, GRID)`, a new one, or None."""
    if encoded is None:
        return None
    refused = BadInput(f"The {name} view's mask must be {GRID} times {GRID} bytes from 0 to {len(FILLS)}, in base64.")
    if not isinstance(encoded, str) or len(encoded) != _ENCODED:
        raise refused
    try:
        cells = np.frombuffer(base64.b64decode(encoded, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        raise refused from None
    if cells.size != GRID * GRID or cells.max() > len(FILLS):
        raise refused
    return cells.reshape(GRID, GRID).copy()


def _painted(mask: np.ndarray | None, rectangles: Any, name: str) -> np.ndarray | None:
    if rectangles is None:
        return mask
    if not isinstance(rectangles, list) or len(rectangles) > MAX_RECTANGLES:
        raise BadInput(f"The {name} view's paint must be a list of {MAX_RECTANGLES} rectangles at the most.")
    mask = np.zeros((GRID, GRID), np.uint8) if mask is None else mask
    for given in rectangles:
        given = _known(given, _OF_PAINT, "A painted rectangle")
        if given.get("fill", "black") not in FILLS:
            raise BadInput(f"A rectangle's fill is one of: {', '.join(FILLS)}.")
        sides = [_number(given.get(side), 0, 1, f"A rectangle's {side}") for side in ("top", "left", "bottom", "right")]
        if sides[0] >= sides[2] or sides[1] >= sides[3]:
            raise BadInput("A rectangle's top must lie above its bottom, and its left before its right.")
        mask[rectangle(*sides)] = 1 + FILLS.index(given.get("fill", "black"))
    return mask
