"""The decoder's own attention as an explanation: how it spread its attention over both views when it chose each word.

Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate" (2015), eq. 6;
shown as maps over a picture by Xu et al., "Show, attend and tell" (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.sentence import Sentence
from explain.heatmap import Extent
from explain.methods.base import Method
from explain.methods.graphs import graphs_of

if TYPE_CHECKING:
    from captioner.caption import Word
    from captioner.captioner import Captioner
    from explain.methods.question import Question


class Attention(Method):
    """The attention itself, of any sequence, typed ones among them: each word's map sums to 1 over both views. Of a
    finding it is the weights with which the finding head pooled its evidence, which sum to 1 as well.

    It is what the network did, not why: it is the same whichever word came out of the step, so it compares no words.

    Raises:
        ValueError: words of a checkpoint without attention.
    """

    name, title = "attention", Sentence("Attention")
    grid = True
    contrastive = False

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        graphs = graphs_of(model)
        features = graphs.features(question.pictures[None])  # (1, 2, R, C, F)
        weights, numbers = question.asked.attention(graphs, features, question.mask)  # (W, P), (W,)
        return weights.reshape(-1, len(question.mask), *model.grid), {"target": numbers}


def maps(words: Sequence[Word]) -> np.ndarray | None:
    """Stack the attention of `words` (captioner.Word).

    Returns:
        float32 `(words, views, rows, columns)`, each word summing to 1; None when the model has no attention.
    """
    if not words or any(word.attention is None for word in words):
        return None
    return np.stack([np.asarray(word.attention, np.float32) for word in words])


def extent(coverage: tuple[float, float]) -> Extent:
    """The part of each picture that the attention grid lies over.

    Most grids cover the whole picture. A grid that was pooled without padding does not: 3 x 3 cells pooled 2 x 2 from
    7 x 7 see 192 of 224 pixels each way, from the upper left corner.

    Args:
        coverage: `Captioner.coverage`, the share of the picture's rows and columns that the grid lies over, 0..1.
    """
    rows, columns = coverage
    return Extent(0.0, 0.0, float(rows), float(columns))
