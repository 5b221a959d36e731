"""Means of words with bootstrap intervals, drawn by study: the words of one study stand or fall together."""

import numpy as np

from captioner.bootstrap import draw, interval


def mean(values, studies, seed=0):
    """The mean of some values and its percentile interval.

    Args:
        values: numbers or booleans, one a word; None or NaN where it is not defined.
        studies: the study of each.
        seed: of the bootstrap samples, see `captioner.bootstrap.draw`.

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
