"""Which example shows a newcomer what the page is about: one that the model gets right, with its map on the finding."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from captioner import read_study
from captioner.reports.claims import claims
from explain import heatmap
from explain.truth import of_example

if TYPE_CHECKING:  # it imports TensorFlow
    from captioner.captioner import Captioner


def opening(model: "Captioner", entries: Sequence[Mapping]) -> str | None:
    """The name of the first example that the model gets right with its map on the finding.

    Where no map lies on its finding, the first that is right; None where none with a finding is.

    Args:
        model: Captioner; without attention there is no map to be seen, and no example is named.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """
    second = None
    for entry in entries:
        if not model.has_attention or not entry.get("findings"):
            continue
        caption = model.caption(read_study(entry["frontal"], entry["lateral"] or None))
        # A caption is cleaned text: the words of a claim are its own.
        stated = [claim for claim in claims(caption.text) if not claim.denied]
        words = [caption.words[place] for claim in stated for place in range(claim.start, claim.end)]
        if not of_example(entry, caption.text).right:
            continue
        if any(word.attention is not None and lies_on(word.attention, entry, model.coverage) for word in words):
            return str(entry["name"])
        second = second or str(entry["name"])
    return second


def lies_on(maps: np.ndarray, entry: Mapping, coverage: tuple[float, float] = (1.0, 1.0)) -> bool:
    """Whether the strongest cell of a map has its centre on what was planted.

    Args:
        maps: `(views, rows, columns)`, frontal and lateral.
        entry: the example; its masks lie beside its pictures.
        coverage: of the grid, shares of the picture's height and width.
    """
    extent = heatmap.Extent(0.0, 0.0, *coverage)
    view, row, column = np.unravel_index(int(np.argmax(maps)), maps.shape)
    for finding in entry.get("findings") or ():
        mask = (finding.get("masks") or (None, None))[view]
        pixels = cv2.imread(str(Path(entry["frontal"]).parent / mask), cv2.IMREAD_GRAYSCALE) if mask else None
        if pixels is None:
            continue
        down = (row + 0.5) / maps.shape[1] * extent.bottom
        across = (column + 0.5) / maps.shape[2] * extent.right
        if pixels[int(down * pixels.shape[0]), int(across * pixels.shape[1])] > 127:
            return True
    return False
