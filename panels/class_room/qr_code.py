"""The link to a room as a QR code, drawn by OpenCV: nothing is asked of any other server."""

import base64
from typing import Any

import cv2
import numpy as np

from captioner import BadInput
from captioner.language import text
from panels.shell.catalogues import LANGUAGES

QUIET = 4  # light modules around it, as ISO/IEC 18004 asks
LONGEST = 300  # characters of a page's address


def address(base: Any, code: str, language: Any = None) -> str:
    """The link by which a room is joined.

    Args:
        base: the page's own address, as the teacher's browser has it.
        code: of the room.
        language: that the teacher's page was asked for; what is none of LANGUAGES, or None, leaves it to each phone.

    Raises:
        BadInput: that is no address of a page.
    """
    sound = isinstance(base, str) and base.startswith(("http://", "https://")) and len(base) <= LONGEST
    if not sound or not base.isascii() or any(letter <= " " or letter in '?#"<>' for letter in base):
        raise BadInput(text("The address of this page cannot be made into a link."))
    asked = f"&lang={language}" if language in LANGUAGES else ""
    return f"{base}?class={code}{asked}"


def modules(link: str) -> np.ndarray:
    """The code's modules, uint8 `(size, size)`, 0 dark and 255 light, with the quiet zone around them."""
    drawn = cv2.QRCodeEncoder.create().encode(link)
    dark = np.argwhere(drawn == 0)
    (top, left), (bottom, right) = dark.min(0), dark.max(0)
    return np.pad(drawn[top : bottom + 1, left : right + 1], QUIET, constant_values=255)


def picture(link: str) -> str:
    """The code as the data URL of a PNG, one pixel a module."""
    _, data = cv2.imencode(".png", modules(link))
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode("ascii")
