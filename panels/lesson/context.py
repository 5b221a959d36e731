"""What the lesson measures: captions of the examples by the checkpoint, and what changes do to their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner import counterfactual, read_study
from panels.what_if import request as what_if_request

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner, Features
    from captioner.images.study import Study

WIDTH, LENGTH_PENALTY = 3, 0.7  # as the page begins
TRIED = 4  # examples that are looked through for one that shows a thing: the wait stays short
PADDING = 0.03  # of the picture's side, round what was planted


class LessonContext:
    """The examples before one checkpoint; each is read, encoded and captioned once.

    Args:
        model: Captioner.
        entries: the examples, as captioner.phantom.read_cases gives them; at least one.
    """

    def __init__(self, model: Captioner, entries: Sequence[dict[str, Any]]) -> None:
        self.model, self.entries = model, entries
        self._studies: dict[str, Study] = {}
        self._features: dict[str, Features] = {}
        self._captions: dict[Any, Caption] = {}

    def study(self, entry: dict[str, Any]) -> Study:
        """The example's Study."""
        if entry["name"] not in self._studies:
            self._studies[entry["name"]] = read_study(entry["frontal"], entry["lateral"])
        return self._studies[entry["name"]]

    def features(self, entry: dict[str, Any]) -> Features:
        """What the encoder makes of the example."""
        if entry["name"] not in self._features:
            self._features[entry["name"]] = self.model.encode(self.study(entry))
        return self._features[entry["name"]]

    def caption(self, entry: dict[str, Any], decoding: str = "greedy") -> Caption:
        """The example's Caption, by greedy search or by beam search of width WIDTH."""
        key = entry["name"], decoding
        if key not in self._captions:
            self._captions[key] = self.model.caption(
                self.features(entry), decoding=decoding, beam_width=WIDTH, length_penalty=LENGTH_PENALTY
            )
        return self._captions[key]

    def first(
        self, holds: Callable[[dict[str, Any]], Any], among: Sequence[dict[str, Any]] | None = None, tried: int = TRIED
    ) -> dict[str, Any]:
        """The first of `tried` examples of which `holds(entry)` is true, else the first of them."""
        among = list(self.entries if among is None else among) or self.entries
        return next((entry for entry in among[:tried] if holds(entry)), among[0])

    @property
    def abnormal(self) -> Sequence[dict[str, Any]]:
        """The examples in which something was planted; all, if none says so."""
        return [entry for entry in self.entries if entry.get("findings")] or self.entries

    def changed(self, entry: dict[str, Any], changes: dict[str, Any]) -> list[dict[str, Any]]:
        """What `changes`, as panels.what_if.request takes them, do to the greedy impression's words.

        Returns:
            list of `{"text", "before", "after"}`, probabilities; the end of the impression is left out.
        """
        outcome = counterfactual.compare_with_changes(
            self.model, self.study(entry), self.features(entry), self.caption(entry), what_if_request.changes(changes)
        )
        words = counterfactual.as_dict(outcome)["texts"][0]["words"]
        return [word for word in words if word["text"] != counterfactual.END]

    def planted(self, entry: dict[str, Any]) -> dict[str, tuple[float, ...]]:
        """Where the example's first finding was planted: view -> `(top, left, bottom, right)`, shares of the picture.

        Without masks it is the middle of each view.
        """
        boxes = {}
        finding = (entry.get("findings") or [{}])[0]
        for view, mask in zip(("frontal", "lateral"), finding.get("masks") or (None, None)):
            if not entry[view]:
                continue
            box = _box(Path(entry["frontal"]).parent / mask) if mask else None
            boxes[view] = box or (1 / 3, 1 / 3, 2 / 3, 2 / 3)
        return boxes


def black(entry: dict[str, Any]) -> dict[str, Any]:
    """Changes that turn all views of an example black."""
    return {view: {"presence": "blank"} for view in ("frontal", "lateral") if entry[view]}


def covered(boxes: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Changes that cover a rectangle on each view with blur."""
    return {
        view: {"paint": [{"fill": "blurred", **dict(zip(("top", "left", "bottom", "right"), box))}]}
        for view, box in boxes.items()
    }


def elsewhere(box: Sequence[float]) -> tuple[float, ...]:
    """A rectangle of the same size, as far from `box` as the picture allows."""
    top, left, bottom, right = box
    height, width = bottom - top, right - left
    top = 0.0 if top + bottom > 1 else 1 - height
    left = 0.0 if left + right > 1 else 1 - width
    return (top, left, top + height, left + width)


def _box(path: str) -> tuple[float, ...] | None:
    """The rectangle round a mask's white part with some context, in shares; None for an empty or missing mask."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None or not (mask > 0).any():
        return None
    rows, columns = np.nonzero(mask > 0)
    sides = (
        rows.min() / mask.shape[0] - PADDING,
        columns.min() / mask.shape[1] - PADDING,
        (rows.max() + 1) / mask.shape[0] + PADDING,
        (columns.max() + 1) / mask.shape[1] + PADDING,
    )
    return tuple(round(float(min(max(side, 0.0), 1.0)), 4) for side in sides)
