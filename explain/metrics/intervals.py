"""Means of words with bootstrap intervals, drawn by study: the words of one study stand or fall together."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from captioner.evaluation.bootstrap import draw, interval


def mean(values: Sequence[Any] | np.ndarray, studies: Sequence[Any] | np.ndarray, seed: int = 0) -> dict[str, Any]:
    """The mean of some values and its percentile interval.

    Args:
        values: numbers or booleans, one a word; None or NaN where it is not defined.
        studies: the study of each.
        seed: of the bootstrap samples, see `captioner.evaluation.bootstrap.draw`.

    Returns:
        dict `{"value", "low", "high", "words", "studies"}`; the first three None when there is no value, "low" and
        "high" None when there is but one study, which tells nothing of how studies vary.
    """
    values = np.array([np.nan if value is None else float(value) for value in values])
    there = ~np.isnan(values)
    names, place = np.unique(np.asarray(studies, dtype=str)[there] if there.any() else [], return_inverse=True)
    counts = {"words": int(there.sum()), "studies": len(names)}
    if not counts["words"]:
        return {"value": None, "low": None, "high": None, **counts}
    sums = np.bincount(place, values[there], len(names))  # (studies,)
    words = np.bincount(place, minlength=len(names))
    if len(names) == 1:
        return {"value": float(sums.sum() / words.sum()), "low": None, "high": None, **counts}
    draws = draw(len(names), seed=seed)  # (samples, studies)
    return {**interval(sums.sum() / words.sum(), draws @ sums / (draws @ words)), **counts}


def macro_mean(
    values: Sequence[Any] | np.ndarray, groups: Sequence[str], studies: Sequence[Any] | np.ndarray, seed: int = 0
) -> dict[str, Any]:
    """The mean of the groups' means, so that a group with few values counts as much as one with many.

    Args:
        values: numbers or booleans.
        groups: the group of each, such as its finding.
        studies: the study or patient of each; bootstrap samples are drawn of them, whatever their groups.
        seed: as in `mean`.

    Returns:
        dict as of `mean`, "groups" with it. A sample in which a group has no value is the mean of the others.
    """
    values = np.asarray(values, float)
    names, place = np.unique(np.asarray(studies, dtype=str), return_inverse=True)
    kinds, group = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    counts = {"words": len(values), "studies": len(names), "groups": len(kinds)}
    if not len(values):
        return {"value": None, "low": None, "high": None, **counts}
    sums, sizes = np.zeros((len(names), len(kinds))), np.zeros((len(names), len(kinds)))
    np.add.at(sums, (place, group), values)
    np.add.at(sizes, (place, group), 1)
    value = float((sums.sum(axis=0) / sizes.sum(axis=0)).mean())
    if len(names) == 1:
        return {"value": value, "low": None, "high": None, **counts}
    draws = draw(len(names), seed=seed)  # (samples, studies)
    with np.errstate(invalid="ignore"):
        samples = np.nanmean((draws @ sums) / (draws @ sizes), axis=1)  # (samples,)
    return {**interval(value, samples), **counts}
