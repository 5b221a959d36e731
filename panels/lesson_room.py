"""What the lesson measures: captions of the examples by the checkpoint, and what changes do to their words."""

from pathlib import Path

import cv2
import numpy as np

from captioner import read_study
from panels import what_if, what_if_asked

WIDTH, LENGTH_PENALTY = 3, 0.7  # as the page begins
TRIED = 4  # examples that are looked through for one that shows a thing: the wait stays short
PADDING = 0.03  # of the picture's side, round what was planted


class Room:
    """The examples before one checkpoint; each is read, encoded and captioned once.

    Args:
        model: Captioner.
        entries: the examples, as panels.examples.read gives them; at least one.
    """

    def __init__(self, model, entries):
        self.model, self.entries = model, entries
        self._studies, self._features, self._captions = {}, {}, {}

    def study(self, entry):
        """The example's Study."""
        if entry["name"] not in self._studies:
            self._studies[entry["name"]] = read_study(entry["frontal"], entry["lateral"])
        return self._studies[entry["name"]]

    def features(self, entry):
        """What the encoder makes of the example."""
        if entry["name"] not in self._features:
            self._features[entry["name"]] = self.model.encode(self.study(entry))
        return self._features[entry["name"]]

    def caption(self, entry, decoding="greedy"):
        """The example's Caption, by greedy search or by beam search of width WIDTH."""
        key = entry["name"], decoding
        if key not in self._captions:
            self._captions[key] = self.model.caption(
                self.features(entry), decoding=decoding, beam_width=WIDTH, length_penalty=LENGTH_PENALTY
            )
        return self._captions[key]

    def first(self, holds, among=None, tried=TRIED):
        """The first of `tried` examples of which `holds(entry)` is true, else the first of them."""
        among = list(self.entries if among is None else among) or self.entries
        return next((entry for entry in among[:tried] if holds(entry)), among[0])

    @property
    def abnormal(self):
        """The examples in which something was planted; all, if none says so."""
        return [entry for entry in self.entries if entry.get("findings")] or self.entries

    def changed(self, entry, changes):
        """What `changes`, as panels.what_if_asked takes them, do to the greedy impression's words.

        Returns:
            list of `{"text", "before", "after"}`, probabilities; the end of the impression is left out.
        """
        outcome = what_if.ask(
            self.model, self.study(entry), self.features(entry), self.caption(entry), what_if_asked.changes(changes)
        )
        words = what_if.as_dict(outcome)["texts"][0]["words"]
        return [word for word in words if word["text"] != what_if.END]

    def planted(self, entry):
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


def black(entry):
    """Changes that turn all views of an example black."""
    return {view: {"presence": "blank"} for view in ("frontal", "lateral") if entry[view]}


def covered(boxes):
    """Changes that cover a rectangle on each view with blur."""
    return {
        view: {"paint": [{"fill": "blurred", **dict(zip(("top", "left", "bottom", "right"), box))}]}
        for view, box in boxes.items()
    }


def elsewhere(box):
    """A rectangle of the same size, as far from `box` as the picture allows."""
    top, left, bottom, right = box
    height, width = bottom - top, right - left
    top = 0.0 if top + bottom > 1 else 1 - height
    left = 0.0 if left + right > 1 else 1 - width
    return (top, left, top + height, left + width)


def _box(path):
    """The rectangle round a mask's white part with some room, in shares; None for an empty or missing mask."""
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None or not (mask > 0).any():
        return None
    rows, columns = np.nonzero(mask > 0)
    sides = (
        rows.min() / mask.shape[0] - PADDING, columns.min() / mask.shape[1] - PADDING,
        (rows.max() + 1) / mask.shape[0] + PADDING, (columns.max() + 1) / mask.shape[1] + PADDING,
    )  # fmt: skip
    return tuple(round(float(min(max(side, 0.0), 1.0)), 4) for side in sides)
