"""One figure of a whole impression: every word with its heatmap on both views, to print or to download."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import ceil, exp
from typing import TYPE_CHECKING

import cv2
import numpy as np

from captioner.images.orientation import orientation
from captioner.numbers import percent
from explain import heatmap, places
from explain.methods import attention
from explain.truth import UNKNOWN, Truth

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from captioner.caption import Word
    from captioner.images.study import Study

_DPI = 100
_VIEW_HEIGHT = 220  # pixels, of every view in the figure
_GAP = 12
_LABEL = 46  # pixels above each pair of views, for the word and its shares
_HEADER = 154
_FOOTER = 40
_INK, _QUIET, _PAPER = "#f2f5f4", "#a9b6b2", "#0b0f0e"


def _small(pixels: np.ndarray) -> np.ndarray:
    """The view at the figure's height, its shape kept: uint8 (220, columns)."""
    rows, columns = pixels.shape
    width = int(np.clip(round(columns * _VIEW_HEIGHT / rows), 40, 3 * _VIEW_HEIGHT))
    return cv2.resize(pixels, (width, _VIEW_HEIGHT), interpolation=cv2.INTER_AREA)


def all_words(
    study: Study,
    words: Sequence[Word],
    extent: heatmap.Extent = heatmap.WHOLE,
    over: str = "word",
    colours: str = "inferno",
    smooth: bool = True,
    opacity: float = 0.7,
    title: str = "",
    truth: Truth | None = None,
) -> Figure:
    """Draw every word of an impression with its map on each view of the study.

    Args:
        study: captioner.Study.
        words: captioner.Word, in order; those of a model without attention are drawn on the bare pictures.
        extent: the part of the pictures that the grid covers.
        over, colours, smooth, opacity: as in explain.heatmap.
        title: a line under the impression, such as the checkpoint and the search.
        truth: explain.truth.Truth about the study and the impression; None where there is no reference.

    Returns:
        matplotlib.figure.Figure; it is never registered with pyplot, so it goes when the caller lets go of it.
    """
    from matplotlib.figure import Figure

    small = [_small(view.pixels) for view in study.views]
    # A study's views keep their place in the maps: frontal 0, lateral 1.
    order = [("frontal", "lateral").index(view.name) for view in study.views]
    sides = [places.marks(view.name, orientation(view.pixels, view.name)) for view in study.views]
    maps = attention.maps(words)
    scaled = None if maps is None else heatmap.scale(maps, over)

    pair = sum(view.shape[1] for view in small) + 4 * (len(small) - 1)  # pixels across one word's views
    count = max(len(words), 1)
    columns = min(count, max(1, round(1640 / (pair + _GAP))))
    rows = ceil(count / columns)
    width = max(columns * (pair + _GAP) + _GAP, 640)
    height = _HEADER + rows * (_VIEW_HEIGHT + _LABEL + _GAP) + _FOOTER

    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=_PAPER)
    axes = figure.add_axes((0, 0, 1, 1), frameon=False, xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = [int(_PAPER[i : i + 2], 16) for i in (1, 3, 5)]

    for number, word in enumerate(words):
        left = _GAP + (number % columns) * (pair + _GAP)
        top = _HEADER + (number // columns) * (_VIEW_HEIGHT + _LABEL + _GAP)
        axes.text(left, top + 16, word.text, color=_INK, fontsize=13, fontweight="bold", va="center")
        axes.text(
            left + pair, top + 16, percent(exp(word.log_prob)), color=_QUIET, fontsize=11, va="center", ha="right"
        )
        x = left
        for view, index, letters in zip(small, order, sides):
            y = top + _LABEL
            tile = np.repeat(view[..., None], 3, axis=2)
            if scaled is not None and maps is not None:
                heat = heatmap.spread(scaled[number, index], view.shape, extent, smooth)
                tile = heatmap.overlay(view, heat, colours, opacity, edge=smooth and colours == "cividis")
                share = percent(float(maps[number, index].sum()))
                axes.text(
                    x, top + 36, f"{('frontal', 'lateral')[index]} {share}", color=_QUIET, fontsize=8, va="center"
                )
            canvas[y : y + view.shape[0], x : x + view.shape[1]] = tile
            for letter, edge, aligned in zip(letters or (), (x + 6, x + view.shape[1] - 6), ("left", "right")):
                axes.text(edge, y + 6, letter, color=_INK, fontsize=10, fontweight="bold", va="top", ha=aligned)
            x += view.shape[1] + 4
    axes.imshow(canvas, extent=(0, width, height, 0), interpolation="nearest", zorder=-1)

    sentence = " ".join(word.text for word in words)
    room = max(int(width / 11), 30)  # characters of the heading that fit on one line
    axes.text(
        _GAP,
        32,
        sentence if len(sentence) <= room else sentence[: room - 1] + "…",
        color=_INK,
        fontsize=15,
        va="center",
    )
    axes.text(_GAP, 62, title, color=_QUIET, fontsize=10, va="center")
    axes.text(
        _GAP,
        84,
        f"each map scaled over its {'own word' if over == 'word' else 'whole impression'}"
        if scaled is not None
        else "this checkpoint has no attention to show",
        color=_QUIET,
        fontsize=9,
        va="center",
    )
    room = max(int(width / 6.2), 60)
    for line, y in zip((truth.origin, truth.verdict) if truth else (UNKNOWN, ""), (108, 130)):
        axes.text(_GAP, y, line if len(line) <= room else line[: room - 1] + "…", color=_INK, fontsize=10, va="center")
    axes.text(
        _GAP, height - 18, "Not for clinical use. For research and teaching.", color="#ffd591", fontsize=10, va="center"
    )
    return figure


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return buffer.getvalue()
