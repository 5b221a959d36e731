"""What an epoch is judged by, on the validation split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.evaluation.scores import score_all
from captioner.training.finding_scores import finding_scores
from captioner.training.losses import mean_auc
from captioner.training.rollout import greedy_ids

if TYPE_CHECKING:
    import keras

    from captioner.training.examples import Example
    from captioner.vocabulary import Vocabulary


def validation_scores(references: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """The scores of captions; `score` weighs findings, normality and wording together."""
    every = score_all(references, predictions)
    scores = {
        "macro_f1": every["macro_f1"],
        "balanced_accuracy": every["balanced_accuracy"],
        "cider_d": every["cider_d"],
        "rouge_l": every["rouge_l"],
        "distinct": len(set(predictions)),
    }
    # A constant caption has macro F1 0, balanced accuracy 0.5 and CIDEr-D about 1.1: each counts by what it can gain.
    scores["score"] = scores["macro_f1"] + scores["balanced_accuracy"] + 0.3 * scores["cider_d"]
    return scores


def validate_captions(network: keras.Model, vocabulary: Vocabulary, batches: Any, max_words: int) -> dict[str, float]:
    """`validation_scores` of the greedy captions of all examples of `batches`, cut to `max_words` tokens."""
    predictions: list[str] = []
    for index in range(len(batches)):
        ids = greedy_ids(network, vocabulary, batches[index][0], max_words)
        predictions += [vocabulary.decode(row) for row in ids.tolist()]
    references = [example.caption for example in batches.examples]
    return validation_scores(references, predictions[: len(references)])


def validate_findings(
    examples: Sequence[Example], outputs: dict[str, np.ndarray], grid: tuple[int, int] | None
) -> dict[str, float]:
    """The scores of findings.

    Args:
        examples: N of them.
        outputs: what the network makes of them, name -> array of N rows or, after padding, more.
        grid: rows and columns of the finding head's maps; None for a network without a finding head.
    """
    if grid is not None:
        return finding_scores(examples, outputs, grid)
    auc, _ = mean_auc(np.stack([example.targets for example in examples]), outputs["findings"])
    return {"auc": auc, "score": auc}
