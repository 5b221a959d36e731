"""ROUGE-L: how much of the reference's word order a prediction keeps.

Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, section 3.1 (sentence level, one
reference), with beta = 1.2 as image captioning uses it (Chen et al., "Microsoft COCO Captions", 2015, section 3.4).
Written here because the package that image captioning takes it from, pycocoevalcap, is no longer kept up and needs
Java for its other scores; the tests compare with it where it is installed. Words are not stemmed.
"""

from collections.abc import Sequence

import numpy as np

BETA = 1.2  # recall counts beta times as much as precision


def rouge_l(reference: str, prediction: str) -> float:
    """ROUGE-L of one prediction, 0 to 1; 0 when either text is empty.

    >>> round(rouge_l("no acute disease .", "no disease ."), 4)
    0.8356
    """
    wanted, written = reference.split(), prediction.split()
    common = longest_common_subsequence(wanted, written)
    if not common:
        return 0.0
    precision, recall = common / len(written), common / len(wanted)
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def rouge_l_each(references: Sequence[str], predictions: Sequence[str]) -> np.ndarray:
    """float64 `(studies,)`: ROUGE-L of each prediction; the corpus's score is their mean."""
    return np.array([rouge_l(*pair) for pair in zip(references, predictions, strict=True)], dtype=float)


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest sequence that is in both, in order but possibly with gaps."""
    row = [0] * (len(second) + 1)
    for left in first:
        diagonal = 0  # the entry above and to the left
        for place, right in enumerate(second, 1):
            above = row[place]
            row[place] = diagonal + 1 if left == right else max(above, row[place - 1])
            diagonal = above
    return row[-1]
