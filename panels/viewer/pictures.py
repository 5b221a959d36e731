"""Views as pictures that a browser can show, inside the answer itself: no file is left behind for anyone to fetch."""

import base64

import cv2
import numpy as np

from captioner import View


def shrink(view: View, longest: int = 1024) -> View:
    """The view with its longer side at most `longest` pixels, its shape kept."""
    rows, columns = view.pixels.shape
    factor = longest / max(rows, columns)
    if factor >= 1:
        return view
    size = max(1, round(columns * factor)), max(1, round(rows * factor))
    return View(view.name, cv2.resize(view.pixels, size, interpolation=cv2.INTER_AREA))


def data_url(pixels: np.ndarray, quality: int = 90) -> str:
    """Grey uint8 `(rows, columns)` as the data URL of a JPEG."""
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
