"""Every score of a set of predictions at once, without intervals: what training shows after an epoch."""

from collections.abc import Sequence

from captioner.evaluation import finding_metrics, text_metrics


def score_all(references: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """Every score of a set of predictions, without intervals.

    Returns:
        dict name -> float: bleu_1..4, rouge_l, cider_d, seed_bleu_1..4, macro_f1, micro_f1, balanced_accuracy, and
        distinct, the number of different predictions.
    """
    findings = finding_metrics.finding_scores_from(finding_metrics.finding_rows(references, predictions).sum(axis=0))
    return {
        **{f"bleu_{order}": score for order, score in enumerate(text_metrics.bleu(references, predictions), 1)},
        "rouge_l": text_metrics.rouge_l_mean(references, predictions),
        "cider_d": text_metrics.cider_d(references, predictions),
        **{
            f"seed_bleu_{order}": score
            for order, score in enumerate(text_metrics.seed_bleu_mean(references, predictions), 1)
        },
        **{name: float(findings[name]) for name in ("macro_f1", "micro_f1", "balanced_accuracy")},
        "distinct": text_metrics.distinct_captions(predictions),
    }
