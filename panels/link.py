"""A link that brings back an example with its settings, word and method: `?example=..&decoding=..&word=..&method=..`.

A step of the lesson has a link of its own, `?lesson=3` (panels/lesson.js).

The gallery hands over what stands in the address as soon as the page is there (panels/examples.py); the viewer writes
the link, and brings back the word, its method and how the maps are drawn (panels/viewer.js, panels/method.js). Anyone
can type an address: what is no setting of the page is left out.
"""

from math import isfinite

SETTINGS = ("decoding", "width", "length_penalty", "checkpoint")


def _number(text, low, high):
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and low <= number <= high else None


def read(wanted, checkpoints):
    """The settings that an address asks for.

    Args:
        wanted: dict of str, the address's parameters; None for none.
        checkpoints: the names on offer.

    Returns:
        dict of those SETTINGS that are there and in range: decoding str, width int 1..10, length_penalty float 0..2,
        checkpoint str.
    """
    found = {}
    if not isinstance(wanted, dict):
        return found
    if wanted.get("decoding") in ("greedy", "beam"):
        found["decoding"] = wanted["decoding"]
    width, penalty = _number(wanted.get("width"), 1, 10), _number(wanted.get("length_penalty"), 0, 2)
    if width is not None and width == int(width):
        found["width"] = int(width)
    if penalty is not None:
        found["length_penalty"] = penalty
    if wanted.get("checkpoint") in list(checkpoints):
        found["checkpoint"] = wanted["checkpoint"]
    return found


def step(number, count):
    """The step of the lesson that an address asks for: int 1..count, or None.

    Args:
        number: int, or str from the address.
        count: how many steps there are.
    """
    found = _number(number, 1, count)
    return int(found) if found is not None and found == int(found) else None
