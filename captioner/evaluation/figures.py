"""Figures of an evaluation: F1 of every finding, and the scores of every row. `Figure` objects, no pyplot."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

# Okabe and Ito's colours, which the colour-blind can tell apart; the judged row first.
COLOURS = ("#0072B2", "#56B4E9", "#E69F00", "#999999", "#000000", "#009E73", "#CC79A7", "#D55E00")
SHOWN = (
    ("macro_f1", "macro F1"),
    ("balanced_accuracy", "balanced accuracy"),
    ("cider_d", "CIDEr-D"),
    ("rouge_l", "ROUGE-L"),
    ("bleu_4", "BLEU-4"),
    ("seed_bleu_4", "seed's BLEU-4"),
)


def findings_figure(result: dict[str, Any]) -> Figure:
    """F1 of each finding that a reference states: bars with intervals for the judged row, marks for the others.

    Args:
        result: dict of `captioner.evaluation.compare.compare`.

    Returns:
        matplotlib.figure.Figure.
    """
    order, colours = _order(result)
    judged, *others = order
    own = result["rows"][judged]["findings"]
    names = sorted((name for name in own if own[name]["stated"]), key=lambda name: own[name]["stated"])
    figure = Figure(figsize=(8, 1.6 + 0.42 * max(1, len(names))), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(names))
    if names:
        scores = [own[name]["f1"] for name in names]
        axes.barh(
            places,
            [score["value"] for score in scores],
            xerr=_whiskers(scores),
            height=0.62,
            color=colours[judged],
            ecolor="#333333",
            capsize=2,
            label=judged,
        )
        for number, name in enumerate(others):
            values = [result["rows"][name]["findings"][finding]["f1"]["value"] for finding in names]
            axes.scatter(
                values,
                places,
                s=26,
                marker="osD^vPX"[number % 7],
                color=colours[name],
                edgecolors="white",
                linewidths=0.5,
                label=name,
                zorder=3,
                clip_on=False,
            )
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=8, frameon=False)
    axes.set_yticks(places, [f"{name} ({own[name]['stated']})" for name in names])
    axes.set(xlim=(0, 1), xlabel="F1 (in brackets: studies whose reference states the finding)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def scores_figure(result: dict[str, Any]) -> Figure:
    """The scores of every row, one small plot per score, with intervals; arguments and value as `findings_figure`."""
    order, colours = _order(result)
    figure = Figure(figsize=(10, 1.2 + 0.62 * len(order)), layout="constrained")
    for number, (axes, (score, title)) in enumerate(zip(figure.subplots(2, 3).flat, SHOWN, strict=True)):
        places = np.arange(len(order))[::-1]
        for place, name in zip(places, order, strict=True):
            entry = result["rows"][name]["scores"][score]
            if entry["value"] is not None:
                axes.errorbar(
                    entry["value"],
                    place,
                    xerr=_whiskers([entry]),
                    fmt="o",
                    color=colours[name],
                    capsize=2,
                    clip_on=False,
                )
        axes.set_yticks(places, order if number % 3 == 0 else [""] * len(order), fontsize=8)
        axes.set(title=title, ylim=(-0.6, len(order) - 0.4))
        axes.set_xlim(left=0)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def reliability_figure(head: Any) -> Figure:
    """How often a finding was stated by the reference against how likely the head called it.

    Args:
        head: dict of `captioner.evaluation.head_scores.head_scores`.

    Returns:
        matplotlib.figure.Figure: bins of probability over all findings, and how many predictions each holds.
    """
    rows = [row for row in head["reliability"] if row["count"]]
    figure = Figure(figsize=(5, 5.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    above.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="as often as it says")
    above.plot(
        [row["probability"] for row in rows],
        [row["rate"] for row in rows],
        "o-",
        color=COLOURS[0],
        label="finding head",
    )
    above.set(ylim=(0, 1), ylabel="stated by the reference")
    above.legend(loc="upper left", fontsize=8, frameon=False)
    width = 1 / len(head["reliability"])
    below.bar([row["low"] + width / 2 for row in rows], [row["count"] for row in rows], 0.9 * width, color=COLOURS[1])
    below.set(yscale="log", xlim=(0, 1), ylabel="how many", xlabel="probability that the head gives")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _order(result: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The rows, the judged one first, and their colours."""
    judged = result["judged"]
    order = [judged, *(name for name in result["rows"] if name != judged)]
    return order, {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(order)}


def _whiskers(scores: Sequence[dict[str, Any]]) -> np.ndarray:
    """`(2, scores)`: how far the interval reaches below and above each value."""
    below = [score["value"] - (score["value"] if score["low"] is None else score["low"]) for score in scores]
    above = [(score["value"] if score["high"] is None else score["high"]) - score["value"] for score in scores]
    return np.maximum([below, above], 0)
