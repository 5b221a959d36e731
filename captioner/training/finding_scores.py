"""How well a finding head sees, sides and points on validation studies: what its best epoch is chosen by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from captioner.reports.findings import FINDINGS, mentions
from captioner.training.examples import labels_of
from captioner.training.losses import mean_auc

if TYPE_CHECKING:
    from captioner.training.examples import Example


def finding_scores(
    examples: Sequence[Example], outputs: dict[str, np.ndarray], grid: tuple[int, int]
) -> dict[str, float]:
    """Scores of one epoch.

    Args:
        examples: list of Example with labels; those with a caption are studies, the others labelled pictures.
        outputs: the head's `presence (N, K)`, `places (N, K, 4)` and `maps (N, K, P)`.
        grid: rows and columns of one view.

    Returns:
        dict of `auc` (mean over findings of the studies), `picture_auc` (of the labelled pictures), `side` (share of
        the findings known to lie on one side whose likelier side is that one), `pointing` (mean over findings of the
        share of outlines or boxes that hold the centre of their map's highest cell, on the view that has them) and
        `score`; NaN where there is nothing to score.
    """
    count = len(examples)
    presence, places, maps = (outputs[name][:count] for name in ("presence", "places", "maps"))
    studies = np.array([bool(example.caption) for example in examples])
    labels = labels_of(examples)
    truth = np.stack([each.presence for each in labels])
    scores = {
        "auc": presence_auc(truth[studies], presence[studies]),
        "picture_auc": presence_auc(truth[~studies], presence[~studies]),
        "side": side_accuracy(np.stack([each.places for each in labels]), places),
        "pointing": pointing(examples, maps, grid),
    }
    known = {name: 0.5 if np.isnan(value) else value for name, value in scores.items()}
    scores["score"] = known["auc"] + 0.5 * known["pointing"] + 0.25 * known["side"]
    return scores


def presence_auc(truth: np.ndarray, logits: np.ndarray, min_count: int = 4) -> float:
    """Mean area under the ROC curve over the findings, studies of which nothing is known left out of each."""
    areas: list[float] = []
    for finding in range(truth.shape[1]):
        known = truth[:, finding] >= 0
        _, area = mean_auc((truth[known, finding] == 1)[:, None], logits[known, finding][:, None], min_count)
        areas += area.values()
    return float(np.mean(areas)) if areas else float("nan")


def side_accuracy(places: np.ndarray, logits: np.ndarray) -> float:
    """Share of the findings on one side alone whose likelier side is that one."""
    left, right = places[..., 0], places[..., 1]
    one = (left >= 0) & (np.minimum(left, right) < 0.5) & (np.maximum(left, right) == 1)
    if not one.any():
        return float("nan")
    return float(((logits[..., 0] > logits[..., 1]) == (left > right))[one].mean())


def pointing(examples: Sequence[Example], maps: np.ndarray, grid: tuple[int, int]) -> float:
    """Mean over findings of the pointing game on exact regions, see `finding_scores`."""
    hits: dict[str, list[bool]] = {}
    for labels, each in zip(labels_of(examples), maps):
        for finding, region in labels.regions.items() if labels.exact else ():
            hits.setdefault(FINDINGS[finding], []).append(_holds_the_peak(region, each[finding], grid))
    return float(np.mean([np.mean(each) for each in hits.values()])) if hits else float("nan")


def word_pointing(examples: Sequence[Example], attention: np.ndarray, grid: tuple[int, int]) -> float:
    """As `pointing`, of the attention with which a decoder wrote the last word of each box's finding.

    Args:
        examples: N of `captioner.training.examples.box_examples`.
        attention: `(N, T, P)`.
        grid: rows and columns of one view.
    """
    hits: dict[str, list[bool]] = {}
    for example, each in zip(examples, attention):
        assert example.masks, f"{example.uid} has no box"
        word = max(example.masks)
        stated = mentions(example.caption)[0].finding
        hits.setdefault(stated, []).append(_holds_the_peak(example.masks[word], each[word], grid))
    return float(np.mean([np.mean(each) for each in hits.values()])) if hits else float("nan")


def _holds_the_peak(region: np.ndarray, cells: np.ndarray, grid: tuple[int, int]) -> bool:
    """Whether a region `(views, rows, columns)` holds the centre of the highest of `cells (P,)`, on the first view that
    it lies on."""
    view = int(not region[0].any())
    row, column = np.unravel_index(cells.reshape(-1, *grid)[view].argmax(), grid)
    rows, columns = region[view].shape
    return bool(region[view][int((row + 0.5) / grid[0] * rows), int((column + 0.5) / grid[1] * columns)])
