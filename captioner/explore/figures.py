"""Figures of the exploration, as SVG that follows the page's light or dark colours. `Figure` objects, no pyplot."""

import functools
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup, escape
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from captioner.template import trusted

# The page's colours by name: in the SVG each becomes the page's variable of that name.
COLOURS = {"ink": "#16201d", "muted": "#54615d", "rule": "#dde3e0", "accent": "#0b6b60", "second": "#c98a1b"}
STYLE: Any = {
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "explore",
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["muted"],
    "axes.labelcolor": COLOURS["muted"],
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
}
WIDTH = 7.6  # inches
MAX_CHARACTERS = 46  # of a label beside a bar


def _styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw under `STYLE` without leaving a trace in matplotlib's settings."""

    @functools.wraps(draw)
    def drawn(*arguments: Any, **options: Any) -> Figure:
        with matplotlib.rc_context(STYLE):
            return draw(*arguments, **options)

    return drawn


@_styled
def bars(
    counts: Sequence[tuple[str, int]], total: int | None = None, axis: str = "studies", colour: str = "accent"
) -> Figure:
    """Horizontal bars, the first on top, each with its number and, where `total` is given, its share.

    Args:
        counts: list of `(label, number)`.
        total: what the shares are of.
        axis: what is counted.
        colour: name in `COLOURS`.

    Returns:
        matplotlib.figure.Figure.
    """
    figure = Figure(figsize=(WIDTH, 0.75 + 0.235 * max(1, len(counts))), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(counts))[::-1]
    numbers = [number for _, number in counts]
    drawn = axes.barh(places, numbers, height=0.7, color=COLOURS[colour])
    shown = [f"{number:,}" + (f"  ({share(number, total)})" if total else "") for number in numbers]
    axes.bar_label(drawn, shown, padding=4, fontsize=8.5, color=COLOURS["ink"])
    axes.set_yticks(places, [_shortened(name) for name, _ in counts])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlim=(0, 1.16 * max([1, *numbers])), ylim=(-0.6, len(counts) - 0.4), xlabel=axis)
    axes.spines["left"].set_visible(False)
    return figure


@_styled
def paired_bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], axis: str = "studies") -> Figure:
    """Two bars beside each other for each label; `series` is a list of two `(name, numbers)`. Value as `bars`."""
    figure = Figure(figsize=(WIDTH, 1.1 + 0.46 * max(1, len(labels))), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(labels))[::-1]
    for (name, numbers), colour, shift in zip(series, ("accent", "second"), (0.2, -0.2), strict=True):
        drawn = axes.barh(places + shift, numbers, height=0.38, color=COLOURS[colour], label=name)
        axes.bar_label(drawn, [f"{number:,}" for number in numbers], padding=4, fontsize=8.5, color=COLOURS["ink"])
    axes.set_yticks(places, [_shortened(name) for name in labels])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set(xlim=(0, 1.12 * max([1, *(number for _, numbers in series for number in numbers)])), xlabel=axis)
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper right", ncols=2, frameon=False, fontsize=8.5)
    return figure


@_styled
def lengths(without_finding: np.ndarray, with_finding: np.ndarray, longest: int = 60) -> Figure:
    """Histogram of impression lengths in words, stacked; two int arrays. What is longer is in the last bar."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    groups = [np.minimum(group, longest) for group in (without_finding, with_finding)]
    axes.hist(
        groups,
        bins=np.arange(0.5, longest + 1.5).tolist(),
        stacked=True,
        rwidth=0.86,
        color=[COLOURS["accent"], COLOURS["second"]],
        label=["no finding", "at least one finding"],
    )
    axes.set(xlim=(0, longest + 1), xlabel=f"words in the impression ({longest}: that many or more)", ylabel="studies")
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, fontsize=8.5)
    return figure


@_styled
def coverage(counts: Sequence[int]) -> Figure:
    """Share of all studies that the n commonest impressions cover; `counts` in falling order."""
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    shares = np.cumsum(counts) / max(1, sum(counts))
    axes.plot(np.arange(1, len(counts) + 1), shares, color=COLOURS["accent"], linewidth=2)
    axes.set(
        xscale="log",
        xlim=(1, max(10, len(counts))),
        ylim=(0, 1.02),
        ylabel="share of studies",
        xlabel="number of different impressions, the commonest first",
    )
    axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.grid(color=COLOURS["rule"], linewidth=0.7)
    return figure


@_styled
def sizes(counts: Mapping[tuple[int, int], int]) -> Figure:
    """Picture sizes, dict `(rows, columns)` -> number: bars where few, a mark for each size where there are many."""
    if len(counts) <= 12:
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return bars(
            [(f"{columns} × {rows}", number) for (rows, columns), number in ordered],
            sum(counts.values()),
            "pictures (width × height in pixels)",
        )
    figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
    axes = figure.subplots()
    places = np.array(list(counts))  # (sizes, 2)
    areas = 12 + 400 * np.array(list(counts.values())) / max(counts.values())
    axes.scatter(places[:, 1], places[:, 0], s=areas, color=COLOURS["accent"], alpha=0.5, linewidths=0)
    axes.set(xlabel="width in pixels", ylabel="height in pixels")
    axes.grid(color=COLOURS["rule"], linewidth=0.7)
    axes.set_axisbelow(True)
    return figure


@_styled
def together(names: Sequence[str], counts: np.ndarray) -> Figure:
    """Co-occurrence: each row's studies that state the column's finding too, as a share of the row; int `(n, n)`."""
    figure = Figure(figsize=(WIDTH, 5.4), layout="constrained")
    axes = figure.subplots()
    for row, column in np.ndindex(*counts.shape):
        if row == column or not counts[row, row]:
            continue
        part = counts[row, column] / counts[row, row]
        alpha = 0.06 + 0.5 * min(1, part / 0.4)  # pale enough for the number on it, in light and dark
        axes.barh(row, 0.94, left=column - 0.47, height=0.94, color=COLOURS["accent"], alpha=alpha)
        if counts[row, column]:
            axes.text(column, row, f"{part:.0%}", ha="center", va="center", fontsize=7.5)
    axes.set_yticks(range(len(names)), [f"{name} ({counts[place, place]:,})" for place, name in enumerate(names)])
    axes.set_xticks(range(len(names)), names, rotation=40, ha="left", rotation_mode="anchor", color=COLOURS["ink"])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


def svg(figure: Figure, name: str, description: str) -> Markup:
    """A figure as an `<svg>` element for use inside a page; its own texts matplotlib has escaped.

    Args:
        figure: matplotlib.figure.Figure.
        name: letters only, another for each figure of the page: keeps their ids apart.
        description: what a screen reader says.

    Returns:
        HTML without a reference to anything outside it.
    """
    file = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="svg", transparent=True)
    text = file.getvalue()
    text = text[text.index("<svg") :]  # without the XML declaration and the DTD's address
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(href="#|url\(#)', rf"\1{name}-", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    for variable, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{variable}, {colour})")
    return trusted(text.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1))


def share(part: float, whole: float) -> str:
    """A share in percent with one decimal; one too small for that is not called nothing."""
    if not whole:
        return "–"
    return "0%" if part == 0 else "< 0.1%" if part / whole < 0.0005 else f"{part / whole:.1%}"


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_CHARACTERS else name[: MAX_CHARACTERS - 1] + "…"
