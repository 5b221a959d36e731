"""Scores with bootstrap intervals, drawn by study.

Source: percentile bootstrap, Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. A sample draws
as many studies as there are, with replacement; since every score is made of one row of numbers per study
(`captioner.evaluation.text_metrics`), a sample is a vector of how often each study was drawn, and no caption is scored
twice. The same samples serve all predictions of the same references, so that differences between them are paired.

CIDEr-D keeps the n-gram rarities of all references in every sample: its interval tells how the studies vary, not how
rarity would.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captioner.evaluation import finding_metrics, text_metrics
from captioner.reports.findings import FINDINGS

SAMPLES = 1000
LEVEL = 0.95
ORDERS = (1, 2, 3, 4)
# The scores that have one value for a set of predictions, in the order in which tables show them.
SCORES = (
    "macro_f1",
    "micro_f1",
    "balanced_accuracy",
    "cider_d",
    "rouge_l",
    *(f"bleu_{order}" for order in ORDERS),
    *(f"seed_bleu_{order}" for order in ORDERS),
    "macro_precision",
    "macro_recall",
    "micro_precision",
    "micro_recall",
    "chexpert_macro_f1",
    "chexpert_micro_f1",
    "five_macro_f1",
    "five_micro_f1",
)
FINDING_SCORES = ("precision", "recall", "f1")


@dataclass(frozen=True, eq=False)
class Sampled:
    """The scores of one set of predictions, on all studies and on every bootstrap sample.

    Attributes:
        values: score name -> float, or float `(13,)` for the scores of single findings (`FINDING_SCORES`).
        samples: score name -> float `(samples,)` or `(samples, 13)`; NaN where a sample leaves a score undefined.
        stated: int `(13,)`, studies whose reference states the finding.
        predicted: int `(13,)`, studies whose prediction states it.
        distinct: number of different predictions. It has no interval: a sample repeats studies, and so holds fewer.
        studies: number of studies.
    """

    values: dict
    samples: dict
    stated: np.ndarray
    predicted: np.ndarray
    distinct: int
    studies: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON: `scores`, name -> `{"value", "low", "high"}`; `findings`, name -> the same each, and counts."""
        findings = {
            finding: {
                **{name: interval(self.values[name][place], self.samples[name][:, place]) for name in FINDING_SCORES},
                "stated": int(self.stated[place]),
                "predicted": int(self.predicted[place]),
            }
            for place, finding in enumerate(FINDINGS)
        }
        return {
            "studies": self.studies,
            "distinct": self.distinct,
            "scores": {name: interval(self.values[name], self.samples[name]) for name in SCORES},
            "findings": findings,
        }


def draw(studies: int, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """How often each study is drawn: int64 `(samples, studies)`, each row summing to `studies`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(studies, np.full(studies, 1 / studies), size=samples)


def sampled_scores(references: Sequence[str], predictions: Sequence[str], draws: np.ndarray | None = None) -> Sampled:
    """Every score of a set of predictions, with what intervals are made of.

    Args:
        references: cleaned captions, one a study.
        predictions: as many.
        draws: int `(samples, studies)` from `draw`; drawn with seed 0 when None.

    Returns:
        Sampled.

    Raises:
        ValueError: no study, or not as many predictions as references.
    """
    if len(references) != len(predictions) or not len(references):
        raise ValueError(f"{len(references)} references and {len(predictions)} predictions do not make an evaluation")
    draws = draw(len(references)) if draws is None else draws
    everyone = np.ones((1, len(references)), dtype=np.int64)
    draws = np.concatenate([everyone, draws])  # (1 + samples, studies); the first is no sample but all studies

    found = _ratios_and_means(references, predictions, draws)
    rows = finding_metrics.finding_rows(references, predictions).sum(axis=0).astype(int)
    both, extra, missed = rows[: len(FINDINGS)], rows[len(FINDINGS) : 2 * len(FINDINGS)], rows[2 * len(FINDINGS) : -4]
    return Sampled(
        values={name: values[0] for name, values in found.items()},
        samples={name: values[1:] for name, values in found.items()},
        stated=both + missed,
        predicted=both + extra,
        distinct=text_metrics.distinct_captions(predictions),
        studies=len(references),
    )


def _ratios_and_means(
    references: Sequence[str], predictions: Sequence[str], draws: np.ndarray
) -> dict[str, np.ndarray]:
    """Score name -> `(draws,)` or `(draws, 13)`."""
    found = dict(finding_metrics.finding_scores_from(draws @ finding_metrics.finding_rows(references, predictions)))
    sums = draws @ text_metrics.bleu_rows(references, predictions)  # (draws, 10)
    bleu = np.array([text_metrics.bleu_from(row) for row in sums])  # (draws, 4)
    seed = draws @ text_metrics.seed_bleu_each(references, predictions) / len(references)  # (draws, 4)
    for order in ORDERS:
        found[f"bleu_{order}"], found[f"seed_bleu_{order}"] = bleu[:, order - 1], seed[:, order - 1]
    found["rouge_l"] = draws @ text_metrics.rouge_l_each(references, predictions) / len(references)
    found["cider_d"] = draws @ text_metrics.cider_d_each(references, predictions) / len(references)
    return found


def interval(value: float, samples: np.ndarray, level: float = LEVEL) -> dict[str, float | None]:
    """`{"value", "low", "high"}`: a score with its percentile interval; None for what is undefined.

    Args:
        value: the score on all studies.
        samples: float `(samples,)`; samples in which the score is undefined (NaN) are left out.
    """
    tail = 50 * (1 - level)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a score that is undefined in every sample
        low, high = np.nanpercentile(samples, [tail, 100 - tail])
    return {
        name: None if np.isnan(number) else float(number)
        for name, number in (("value", value), ("low", low), ("high", high))
    }
