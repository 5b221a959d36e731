"""How a word's attention is spread over the cells of the views."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class AttentionEntropy:
    """How a word's attention is spread.

    Attributes:
        bits: its entropy over the cells of the views there are.
        evenness: that over the entropy of an even spread, 0 (one cell) to 1 (everywhere alike).
        view: "frontal" or "lateral", whichever got more.
        view_share: what that view got, 0.5..1.
    """

    bits: float
    evenness: float
    view: str
    view_share: float


def attention_entropy(attention: np.ndarray, views: Sequence[Any] | np.ndarray = (True, True)) -> AttentionEntropy:
    """The AttentionEntropy of one word.

    Args:
        attention: `(2, rows, columns)`, non-negative, summing to 1 over the views there are.
        views: bool `(2,)`, which there are.
    """
    attention = np.asarray(attention, np.float64)
    cells = attention[np.asarray(views, bool)].ravel()
    cells = cells / cells.sum()
    positive = cells[cells > 0]
    bits = float(-(positive * np.log2(positive)).sum())
    each = attention.sum(axis=(1, 2)) / attention.sum()
    return AttentionEntropy(
        abs(bits),
        abs(bits) / np.log2(len(cells)) if len(cells) > 1 else 0.0,
        ("frontal", "lateral")[int(each.argmax())],
        float(each.max()),
    )
