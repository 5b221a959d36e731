"""A GIF that walks through an impression: one frame per word, its map on both views side by side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import exp, sqrt
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.images.orientation import orientation
from captioner.numbers import percent
from explain import heatmap, places
from explain.truth import UNKNOWN, Truth

if TYPE_CHECKING:
    from PIL import Image

    from captioner.caption import Word
    from captioner.images.study import Study

SECONDS_A_WORD = 1.1
HEIGHTS = (120, 360)  # pixels of the views in a frame, fewest and most
_PIXELS = 4_000_000  # of the views of all frames together: a long impression gets smaller frames, not a larger file
_WIDEST = 2.5  # a view is at most this many times as wide as it is high
_GAP, _EDGE = 6, 12
_INK, _QUIET, _AMBER, _PAPER = "#f2f5f4", "#a9b6b2", "#ffd591", "#0b0f0e"
WARNING = "Not for clinical use. For research and teaching."


def frames(
    study: Study,
    words: Sequence[Word],
    maps: np.ndarray | None = None,
    extent: heatmap.Extent = heatmap.WHOLE,
    note: str = "",
    truth: Truth | None = None,
    over: str = "word",
    opacity: float = 0.75,
) -> list[Image.Image]:
    """Draw the frames.

    Args:
        study: captioner.Study.
        words: captioner.Word, in order.
        maps: float `(words, views, rows, columns)`; only what is positive is drawn. None for the bare views.
        extent: the part of the pictures that the maps lie over.
        note: a line under the views, such as the method and the checkpoint.
        truth: explain.truth.Truth about the study and the impression; None where there is no reference.
        over, opacity: as in explain.heatmap.

    Returns:
        list of PIL.Image.Image in RGB, all of one size: one a word, or one of the bare views where there is no word.
    """
    shapes = [np.clip(view.pixels.shape[1] / view.pixels.shape[0], 0.2, _WIDEST) for view in study.views]
    height = int(np.clip(sqrt(_PIXELS / max(len(words), 1) / sum(shapes)), *HEIGHTS))
    views = [
        cv2.resize(view.pixels, (max(round(shape * height), 1), height), interpolation=cv2.INTER_AREA)
        for view, shape in zip(study.views, shapes)
    ]
    scaled = None if maps is None or not len(words) else heatmap.scale(np.maximum(maps, 0), over)
    sides = [places.marks(view.name, orientation(view.pixels, view.name)) for view in study.views]
    below = note, *((truth.origin, truth.verdict) if truth else (UNKNOWN,))
    if not words:
        return [_frame(views, sides, "", "", 0, 1, below)]
    drawn = []
    for number, word in enumerate(words):
        tiles = views
        if scaled is not None:
            order = [("frontal", "lateral").index(view.name) for view in study.views]
            tiles = [
                heatmap.overlay(view, heatmap.spread(scaled[number, place], view.shape, extent), opacity=opacity)
                for view, place in zip(views, order)
            ]
        drawn.append(_frame(tiles, sides, word.text, percent(exp(word.log_prob)), number, len(words), below))
    return drawn


def _frame(
    tiles: Sequence[np.ndarray], sides: Any, text: str, probability: str, number: int, of: int, below: Sequence[str]
) -> Image.Image:
    """One picture: the word on top, the views, the lines `below` them and the warning."""
    from PIL import Image, ImageDraw, ImageFont

    height = tiles[0].shape[0]
    large, small = max(height // 13, 12), max(height // 24, 9)
    across = sum(tile.shape[1] for tile in tiles) + _GAP * (len(tiles) - 1)
    top = round(2.2 * large)
    width = max(across + 2 * _EDGE, 26 * small)
    picture = Image.new("RGB", (width, top + height + round((2.1 + 1.5 * len(below)) * small)), _PAPER)
    draw = ImageDraw.Draw(picture)
    heading, print_ = ImageFont.load_default(large), ImageFont.load_default(small)
    x = (width - across) // 2
    for tile, letters in zip(tiles, sides):
        picture.paste(Image.fromarray(tile).convert("RGB"), (x, top))
        for letter, edge, anchor in zip(letters or (), (x + 4, x + tile.shape[1] - 4), ("lt", "rt")):
            draw.text((edge, top + 4), letter, _INK, print_, anchor, stroke_width=2, stroke_fill=_PAPER)
        x += tile.shape[1] + _GAP
    counted = f"{number + 1} of {of}" if text else ""
    room = width - 2 * _EDGE - draw.textlength(f"{probability}   {counted}", print_) - large
    draw.text((_EDGE, top / 2), _fitted(draw, text, heading, room), _INK, heading, "lm")
    draw.text((width - _EDGE, top / 2), f"{probability}   {counted}", _QUIET, print_, "rm")
    y = top + height + 0.9 * small
    for line in below:
        draw.text((_EDGE, y), _fitted(draw, line, print_, width - 2 * _EDGE), _QUIET, print_, "lm")
        y += 1.5 * small
    draw.text((_EDGE, y), WARNING, _AMBER, print_, "lm")
    # The walk's progress; it also keeps two frames from ever being equal, which a GIF would store as one.
    draw.rectangle((0, picture.height - 3, round((number + 1) / of * width) - 1, picture.height), _AMBER)
    return picture


def _fitted(draw: Any, text: str, font: Any, room: float) -> str:
    """The text on one line, cut to the pixels that there are."""
    text = " ".join(text.split())
    if draw.textlength(text, font) <= room:
        return text
    while text and draw.textlength(text + "…", font) > room:
        text = text[:-1]
    return text + "…"


def gif(pictures: Sequence[Image.Image], seconds: float = SECONDS_A_WORD) -> bytes:
    """The pictures as the bytes of a GIF that goes round for ever."""
    from PIL import Image

    buffer = io.BytesIO()
    # Each picture has colours of its own, and they are dithered: in 256 flat ones a smooth map gets edges.
    # They are chosen to span all that is there: by frequency, the greys would leave a small map next to none.
    few = [
        picture.quantize(palette=picture.quantize(256, Image.Quantize.MAXCOVERAGE), dither=Image.Dither.FLOYDSTEINBERG)
        for picture in pictures
    ]
    few[0].save(buffer, "GIF", save_all=True, append_images=few[1:], duration=round(seconds * 1000), loop=0)
    return buffer.getvalue()
