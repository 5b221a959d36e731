"""Figures of an evaluation of explanations. `Figure` objects, no pyplot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which the colour-blind can tell apart.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
SHOWN = (
    ("pointing game, better view", lambda row: row["pointing"]["better"], None),
    ("overlap, better view", lambda row: row["overlap"]["better"], None),
    ("deletion minus random (lower is better)", lambda row: row.get("deletion_minus_random"), 0),
    ("insertion minus random (higher is better)", lambda row: row.get("insertion_minus_random"), 0),
    ("on the named side", lambda row: row.get("side_reference"), 1 / 2),
    ("in the named third", lambda row: row.get("zone_reference"), 1 / 3),
)


def figures(result: dict[str, Any]) -> dict[str, Figure]:
    """name -> matplotlib.figure.Figure: "methods", and "findings" and "randomisation" where there is one."""
    found = {"methods": methods_figure(result)}
    if any(each["pointing"]["words"] for own in result["findings"].values() for each in own.values()):
        found["findings"] = findings_figure(result)
    if any("randomisation" in row for row in result["methods"].values()):
        found["randomisation"] = randomisation_figure(result)
    return found


def methods_figure(result: dict[str, Any]) -> Figure:
    """Every method and baseline by six measures, with intervals; dashed lines are chance."""
    rows = {**{result["titles"][name]: row for name, row in result["methods"].items()}, **result["baselines"]}
    figure = _figure((11, 1.6 + 0.7 * len(rows)))
    places = np.arange(len(rows))[::-1]
    for number, (axes, (title, take, chance)) in enumerate(zip(figure.subplots(2, 3).flat, SHOWN, strict=True)):
        for place, (name, row) in zip(places, rows.items(), strict=True):
            score = take(row)
            if score and score["value"] is not None:
                colour = _colour(place, len(rows)) if name not in result["baselines"] else "#777777"
                axes.errorbar(score["value"], place, xerr=_whiskers([score]), fmt="o", color=colour, capsize=2)
        if chance is not None:
            axes.axvline(chance, color="#333333", linewidth=0.8, linestyle="--")
        axes.set_yticks(places, list(rows) if number % 3 == 0 else [""] * len(rows), fontsize=8)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_title(title, fontsize=9)
        axes.locator_params(axis="x", nbins=5)
        if chance != 0:
            axes.set_xlim(0, 1)
        _bare(axes)
    return figure


def findings_figure(result: dict[str, Any]) -> Figure:
    """The pointing game on the better view, finding by finding."""
    findings = result["findings"]
    counts = next(iter(findings.values()))
    names = sorted(counts, key=lambda name: counts[name]["pointing"]["words"])
    figure = _figure((8, 1.6 + 0.42 * len(names)))
    axes = figure.subplots()
    for number, (name, own) in enumerate(findings.items()):
        there = [place for place, finding in enumerate(names) if own.get(finding, {}).get("pointing", {}).get("words")]
        scores = [own[names[place]]["pointing"] for place in there]
        shift = (number - (len(findings) - 1) / 2) * 0.6 / len(findings)
        axes.errorbar(
            [score["value"] for score in scores],
            np.array(there, float) - shift,
            xerr=_whiskers(scores),
            fmt="o",
            color=COLOURS[number % len(COLOURS)],
            capsize=2,
            markersize=4,
            label=result["titles"][name],
        )
    axes.set_yticks(range(len(names)), [f"{name} ({counts[name]['pointing']['words']})" for name in names])
    axes.set(xlim=(-0.03, 1.03), xlabel="pointing game, better view (in brackets: words)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize=8, frameon=False)
    _bare(axes)
    return figure


def randomisation_figure(result: dict[str, Any]) -> Figure:
    """Similarity to the trained network's maps, group after group of weights made random; dashed: maps of others."""
    figure = _figure((8, 4.2))
    axes = figure.subplots()
    for number, (name, row) in enumerate(result["methods"].items()):
        own = row.get("randomisation")
        if not own:
            continue
        stages, colour = list(own["stages"]), COLOURS[number % len(COLOURS)]
        values = [1.0, *(own["stages"][stage]["value"] for stage in stages)]
        axes.plot(range(len(values)), values, "o-", color=colour, markersize=4, label=result["titles"][name])
        if own["others"]["value"] is not None:
            axes.axhline(own["others"]["value"], color=colour, linewidth=0.8, linestyle="--")
        axes.set_xticks(range(len(values)), ["trained", *stages], rotation=40, ha="right", fontsize=8)
    axes.set_ylabel("similarity to the trained network's map")
    axes.legend(fontsize=8, frameon=False)
    _bare(axes)
    return figure


def _figure(size: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def _colour(place: int, count: int) -> str:
    return COLOURS[(count - 1 - place) % len(COLOURS)]


def _bare(axes: Axes) -> None:
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _whiskers(scores: Sequence[Any]) -> np.ndarray:
    """`(2, scores)`: how far the interval reaches below and above each value."""
    below = [score["value"] - (score["value"] if score["low"] is None else score["low"]) for score in scores]
    above = [(score["value"] if score["high"] is None else score["high"]) - score["value"] for score in scores]
    return np.maximum([below, above], 0)
