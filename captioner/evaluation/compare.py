"""References and several sets of predictions in, every score with its interval out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from captioner.evaluation import baselines
from captioner.evaluation.bootstrap import LEVEL, SAMPLES, SCORES, draw, interval, sampled_scores
from captioner.evaluation.finding_metrics import macro_f1
from captioner.evaluation.tables import DERANGEMENTS

SEED = 0


def compare(
    references: Sequence[str], rows: Mapping[str, Sequence[str]], judged: str, samples: int = SAMPLES, seed: int = SEED
) -> dict[str, Any]:
    """All scores of several sets of predictions for the same studies.

    Args:
        references: cleaned captions, one a study.
        rows: dict, name of a row -> its predictions, as many as references.
        judged: the name of the row that the others are compared with, such as "greedy".
        samples: bootstrap samples.
        seed: of the bootstrap samples and derangements.

    Returns:
        dict for JSON. `rows`: name -> `Sampled.as_dict()`. `difference`: name of another row -> score -> `{"value",
        "low", "high"}`, the judged row minus that one on the same samples. `shuffled_loss`: the share of the judged
        row's macro F1 that is lost when every study gets another study's caption, averaged over 100 derangements;
        None when there is nothing to lose. `bootstrap`: samples, level and seed.
    """
    draws = draw(len(references), samples, seed)
    sampled = {name: sampled_scores(references, predictions, draws) for name, predictions in rows.items()}
    own = sampled[judged]
    return {
        "bootstrap": {"samples": samples, "level": LEVEL, "seed": seed},
        "judged": judged,
        "rows": {name: row.as_dict() for name, row in sampled.items()},
        "difference": {
            name: {
                score: interval(own.values[score] - row.values[score], own.samples[score] - row.samples[score])
                for score in SCORES
            }
            for name, row in sampled.items()
            if name != judged
        },
        "shuffled_loss": shuffled_loss(references, rows[judged], seed),
    }


def shuffled_loss(references: Sequence[str], predictions: Sequence[str], seed: int) -> float | None:
    """The share of a row's macro F1 that is lost under shuffled pictures, as `compare` gives it."""
    kept = macro_f1(references, predictions)
    if not kept > 0 or len(predictions) < 2:
        return None
    shuffled = []
    for turn in range(DERANGEMENTS):
        order = baselines.derangement(len(predictions), seed + turn)
        shuffled.append(macro_f1(references, [predictions[place] for place in order]))
    return float(1 - np.mean(shuffled) / kept)
