"""The figures of the Trust panel: one card each, as HTML. Every number that is drawn is told in words, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.numbers import decimal, p_value, percent
from explain.benchmark.tables import dependence
from explain.metrics import weight_dependence
from explain.metrics.word_evidence import NOT_RIGHT
from explain.report.evidence import entry
from panels.shell import template

if TYPE_CHECKING:
    from explain.metrics.deletion_insertion import Comparison

WIDTH, HEIGHT = 320, 190  # of a figure's own units; it is stretched to its place
LEFT, RIGHT, TOP, BOTTOM = 38, WIDTH - 18, 10, HEIGHT - 34  # of what is drawn within its axes
_BOX = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "bottom": BOTTOM}


def _card(kind: str, title: str, note: str = "", /, **values: Any) -> str:
    """A card by the template of that kind."""
    return template.render(f"trust/{kind}.html", title=title, note=note, **values)


def verdict(word: str, found: Any) -> str:
    """The sentence on top, with its short form.

    Args:
        word: its text.
        found: `(PictureShare, AreaOcclusion)`.
    """
    told = entry(word, found)
    return template.render(
        "trust/verdict.html",
        kind=mark(found),
        short=told["short"].capitalize(),
        verdict=told["verdict"],
        caution=NOT_RIGHT,
    )


def mark(found: Any) -> str:
    """ "grounded", "guessed" or "elsewhere": what a `(PictureShare, AreaOcclusion)` says of its word."""
    pictures, area = found
    return "guessed" if pictures.guessed else "grounded" if area.grounded else "elsewhere"


def shares(word: str, found: Any) -> str:
    """The word's probability by what the model is shown, as bars."""
    note = (
        "A word whose probability hardly moves without the pictures comes from the habit of language. The other "
        "patient is the mean over two phantoms."
    )
    return _card("shares", "What the pictures add", note, word=word, rows=entry(word, found)["shown"])


def hiding(word: str, found: Any) -> str:
    """The word's probability with the marked area hidden, among all the random areas."""
    area = found[1]
    values = [float(area.before), float(area.hidden), *map(float, area.random)]
    room = max(0.08 * (max(values) - min(values)), 0.01)
    low, high = max(min(values) - room, 0.0), min(max(values) + room, 1.0)  # the part of 0..1 where anything happens

    def across(value: float) -> float:
        return round(10 + 300 * (float(value) - low) / max(high - low, 1e-9), 1)

    corrected = (
        f", and {p_value(area.corrected_p)} after the correction for {area.tried} words" if area.tried > 1 else ""
    )
    middle = "" if area.middle is None else f" Hiding the middle of the pictures leaves it at {percent(area.middle)}."
    said = (
        f"Hiding the marked area leaves “{word}” at {percent(area.hidden)}, from {percent(area.before)}. Of "
        f"{len(area.random)} random areas of the same size, {area.as_much} leave it as low or lower: p = "
        f"{p_value(area.p)}{corrected}.{middle}"
    )
    hidden, before = across(area.hidden), across(area.before)
    return _card(
        "hiding",
        "Is it this area?",
        f"{said} Each thin line is one random area.",
        said=said,
        random=[across(each) for each in area.random],
        hidden=hidden,
        hidden_text=min(max(hidden, 46), 274),  # a label that stays within the figure
        before=before,
        before_text=min(max(before, 46), 274),
        low=low,
        high=high,
    )


def _points(pairs: Iterable[tuple[float, float]]) -> str:
    """Points as SVG takes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def _x(share: float) -> float:
    return LEFT + float(share) * (RIGHT - LEFT)


def _y(value: float) -> float:
    return TOP + (1 - float(value)) * (BOTTOM - TOP)


def _line(shares: Sequence[float], values: Sequence[float]) -> str:
    return _points((_x(share), _y(value)) for share, value in zip(shares, values))


def _curves(name: str, title: str, below: str, note: str, compared: Comparison) -> str:
    """The card of deletion or of insertion."""
    shares = compared.method.shares
    ways = np.array([getattr(each, name) for each in compared.random])  # (random, steps + 1)
    low, high = ways.min(axis=0), ways.max(axis=0)
    areas = [
        ("map", "this map", getattr(compared.method, f"{name}_area")),
        ("random", "random orders", float(np.mean([getattr(each, f"{name}_area") for each in compared.random]))),
        ("centre", "the middle", getattr(compared.centre, f"{name}_area")),
    ]
    told = ", ".join(f"{who} {decimal(area)}" for _, who, area in areas)
    return _card(
        "curves",
        title,
        note,
        box=_BOX,
        name=name,
        label=f"{name.capitalize()} curves. Areas: {told}; p = {decimal(getattr(compared, f'{name}_p'))}.",
        rows=[(_y(value), f"{value:.0%}") for value in (0, 0.5, 1)],
        columns=[(_x(value), f"{value:.0%}") for value in (0, 0.5, 1)],
        below=below,
        band=_points((_x(x), _y(y)) for x, y in [*zip(shares, high), *zip(shares[::-1], low[::-1])]),
        lines=[
            ("cxr-random-curve", _line(shares, ways.mean(axis=0))),
            ("cxr-centre-curve", _line(shares, getattr(compared.centre, name))),
            ("cxr-map-curve", _line(shares, getattr(compared.method, name))),
        ],
        areas=areas,
    )


def curves(compared: Comparison) -> str:
    """Deletion and insertion: the two cards.

    Args:
        compared: explain.metrics.deletion_insertion.Comparison.
    """

    def judged(name: str, better: Any, faster: Any) -> str:
        own, middle = (getattr(each, f"{name}_area") for each in (compared.method, compared.centre))
        p = getattr(compared, f"{name}_p")
        verb, faster = faster.split()
        chance = f"{verb} {faster} than chance" if p <= 0.05 else f"{verb} no {faster} than chance"
        wins = " The middle of the pictures does as well or better." if better(middle, own) else ""
        return f"This one {chance} (p = {p_value(p)} against {len(compared.random)} random orders).{wins}"

    return _curves(
        "deletion",
        "Taken away, strongest first",
        "share of the pixels taken away",
        "A true map falls fast: a smaller area is better. "
        + judged("deletion", lambda middle, own: middle <= own, "falls faster"),
        compared,
    ) + _curves(
        "insertion",
        "Given back, strongest first",
        "share of the pixels shown",
        "A true map rises fast: a larger area is better. "
        + judged("insertion", lambda middle, own: middle >= own, "rises faster"),
        compared,
    )


def spread(found: Any, title: str) -> str:
    """Where the map that is shown lies and how narrow it is.

    Args:
        found: explain.metrics.attention_entropy.AttentionEntropy of what is positive in it.
        title: the method's.
    """
    width = (
        "narrow" if found.evenness < 0.6 else "spread over many cells" if found.evenness < 0.9 else "nearly everywhere"
    )
    note = f"What speaks for the word in it is {width}: 0% is a single cell, 100% every cell alike."
    return _card("spread", f"The spread of this map ({title})", note, found=found)


def pointing(name: str, hit: Any, chance: Any, overlap: Any) -> str:
    """Whether the map lies on the finding that was planted.

    Args:
        name: the finding's name.
        hit, overlap: of `explain.metrics.localisation.pointing_game` and `ious`.
        chance: of `explain.metrics.localisation.random_pointing`.
    """
    rows = [
        {"view": view, "hit": hit[view], "chance": float(chance[view]), "overlap": overlap[view]}
        for view in ("frontal", "lateral")
        if hit[view] is not None
    ]
    note = (
        f"The {name} of this phantom was planted, so its place is known. Overlap is intersection over union with what "
        "stands out of the map (Otsu's threshold), 0 to 1."
    )
    return _card("pointing", "Does it lie on the finding?", note, rows=rows)


def randomisation(judged: dict[str, Any], studies: int) -> str:
    """Whether the method depends on what the network has learned.

    Args:
        judged: of `explain.benchmark.aggregate.judge_randomisation`.
        studies: how many it was measured on.
    """
    title = "Does the method depend on the weights?"
    found = dependence(judged)
    stages = [(stage, each["value"]) for stage, each in judged["stages"].items() if each["value"] is not None]
    others = found.others["value"]
    if others is None or not stages:
        return _card("weights", title, too_few=True)

    def x(step: int) -> float:
        return _x(step / max(len(stages) - 1, 1))

    def y(value: float) -> float:
        return round(_y((float(value) + 0.25) / 1.25), 1)

    said = weight_dependence.sentence(found)
    return _card(
        "weights",
        title,
        f"{said} Measured on {studies} examples with this checkpoint, for the method and not for this word; the line "
        "follows some of them.",
        too_few=False,
        verdict=found.verdict,
        words=weight_dependence.words(found),
        box=_BOX,
        label=f"{said} By stage: {'; '.join(f'{stage} {decimal(value)}' for stage, value in stages)}.",
        zero=y(0),
        one=y(1),
        others=y(others),
        points=_points((x(step), y(max(value, -0.25))) for step, (_, value) in enumerate(stages)),
        first=stages[0][0],
        last=stages[-1][0],
    )
