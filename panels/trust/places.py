"""The places of a word's trial, to look at: the map, the marked area hidden, and each random area hidden, side by side.

Nothing is measured here: the areas and the probabilities are those of `explain.metrics.area_occlusion`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.language import text
from captioner.numbers import percent
from captioner.sentence import worded
from explain import heatmap
from explain.methods.empty_picture import BLUR
from explain.report.data import strength
from explain.report.parts import picture
from panels.shell import template

if TYPE_CHECKING:
    from explain.trial import Trial
    from panels.viewer.session import CaptionedSession

LONGEST = 320  # pixels of a view's longer side
FINE = 40  # cells along a side that the area of a map in pixels is drawn by
_VIEWS = ("frontal", "lateral")


def places(session: CaptionedSession, word: int, trial: Trial, outline: tuple[str, np.ndarray] | None) -> str:
    """The section with all pictures as HTML; trust.js steps through the random areas.

    Args:
        session: panels.viewer.session.Session.
        word: the word's place.
        trial: explain.trial.Trial of the word.
        outline: the finding that the word names and its masks, bool `(2, H, W)`, where they are known.
    """
    spelled, area, area_test, own = session.caption.words[word].text, trial.found[word][1], trial.areas, trial.own
    cells = area_test.hiding.grid if own.grid else (FINE, FINE)
    marked = _cells(area_test.marked(own.maps[0], own.extent), area_test, cells)
    random = [_cells(each, area_test, area_test.hiding.grid) for each in area_test.areas]
    pictures = [_drawn(view, own, outline) for view in session.study.views]
    paths = [[_path(each[one["number"]], one["width"], one["height"]) for each in random] for one in pictures]
    for one, own_paths in zip(pictures, paths):
        one["areas"] = {"map": "", "marked": _path(marked[one["number"]], one["width"], one["height"])}
        one["areas"]["random"] = own_paths[0]
    steps = {
        "paths": paths,
        "said": worded([percent(float(each)) for each in area.random]),
        "as_much": [bool(each <= area.hidden) for each in area.random],
    }
    return template.render(
        "trust/places.html",
        steps=json.dumps(steps),
        views=pictures,
        word=spelled,
        before=area.before,
        hidden=area.hidden,
        first=float(area.random[0]),
        count=len(random),
        planted=None if outline is None else text(outline[0]),
        share=area_test.share,
    )


def _cells(pixels: np.ndarray, area_test: Any, cells: tuple[int, int]) -> np.ndarray:
    """Flattened pixels that are hidden as bool `(2, rows, columns)`: cells of which most is."""
    hidden = np.zeros(area_test.hiding.there.size, np.float32)
    hidden[pixels] = 1
    size = tuple(cells[::-1])
    views = hidden.reshape(area_test.hiding.there.shape)
    return np.stack([cv2.resize(view, size, interpolation=cv2.INTER_AREA) for view in views]) >= 0.5


def _path(mask: np.ndarray, width: int, height: int) -> str:
    """Cells as the path of an SVG, one rectangle a run of them."""
    rows, columns = mask.shape
    parts = []
    for row in range(rows):
        edges = np.flatnonzero(np.diff(np.r_[0, mask[row].astype(int), 0]))
        for start, stop in zip(edges[::2], edges[1::2]):
            x, across = start * width / columns, (stop - start) * width / columns
            parts.append(f"M{x:.1f} {row * height / rows:.1f}h{across:.1f}v{height / rows:.1f}h-{across:.1f}z")
    return "".join(parts)


def _drawn(view: Any, own: Any, outline: tuple[str, np.ndarray] | None) -> dict[str, Any]:
    """One view: its pictures as they are, under the map and blurred, and the outline as a path."""
    number = _VIEWS.index(view.name)
    factor = min(LONGEST / max(view.pixels.shape), 1)
    size = max(round(view.pixels.shape[1] * factor), 1), max(round(view.pixels.shape[0] * factor), 1)
    pixels = cv2.resize(view.pixels, size, interpolation=cv2.INTER_AREA)
    deviations = {"sigmaX": size[0] * BLUR, "sigmaY": size[1] * BLUR}
    blurred = cv2.GaussianBlur(pixels, (0, 0), borderType=cv2.BORDER_REFLECT, **deviations)
    top = strength(own.maps[0], own.grid) or 1.0
    heat = heatmap.spread(np.clip(np.maximum(own.maps[0][number], 0) / top, 0, 1), pixels.shape, own.extent)
    path = "" if outline is None else _contour(outline[1][number], *size)
    return {
        "name": view.name,
        "said": text("frontal") if view.name == "frontal" else text("lateral"),
        "number": number,
        "width": size[0],
        "height": size[1],
        "plain": picture(pixels)[0],
        "map": picture(cv2.cvtColor(heatmap.overlay(pixels, heat), cv2.COLOR_RGB2BGR))[0],
        "blurred": picture(blurred)[0],
        "outline": path,
    }


def _contour(mask: np.ndarray, width: int, height: int) -> str:
    """The outline of a mask as a path."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    scale = np.array([width / mask.shape[1], height / mask.shape[0]])
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line[:, 0] * scale) + "z" for line in found)
