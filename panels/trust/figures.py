"""The figures of the Trust panel: one card each, as HTML. Every number that is drawn is told in words, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.language import text
from captioner.numbers import decimal, p_value, percent
from captioner.sentence import worded
from explain.metrics.area_occlusion import SIGNIFICANT
from explain.metrics.word_evidence import NOT_RIGHT
from explain.report.evidence import entry
from panels.shell import template
from panels.trust import card

if TYPE_CHECKING:
    from explain.metrics.area_occlusion import AreaOcclusion
    from explain.metrics.deletion_insertion import Comparison


def verdict(word: str, found: Any) -> str:
    """The sentence on top, with its short form.

    Args:
        word: its text.
        found: `(PictureShare, AreaOcclusion)`.
    """
    told = worded(entry(word, found))
    return template.render(
        "trust/verdict.html",
        kind=mark(found),
        short=told["short"][:1].upper() + told["short"][1:],
        verdict=told["verdict"],
        caution=worded(NOT_RIGHT),
    )


def mark(found: Any) -> str:
    """ "grounded", "guessed" or "elsewhere": what a `(PictureShare, AreaOcclusion)` says of its word."""
    pictures, area = found
    return "guessed" if pictures.guessed else "grounded" if area.grounded else "elsewhere"


def shares(word: str, found: Any) -> str:
    """The word's probability by what the model is shown, as bars."""
    note = text(
        "A word whose probability hardly moves without the pictures comes from the habit of language. The other "
        "patient is the mean over two phantoms."
    )
    return card.render(
        "shares", text("What the pictures add"), note, word=word, rows=worded(entry(word, found)["shown"])
    )


def hiding(word: str, found: Any) -> str:
    """The word's probability with the marked area hidden, among all the random areas."""
    area = found[1]
    values = [float(area.before), float(area.hidden), *map(float, area.random)]
    room = max(0.08 * (max(values) - min(values)), 0.01)
    low, high = max(min(values) - room, 0.0), min(max(values) + room, 1.0)  # the part of 0..1 where anything happens

    def across(value: float) -> float:
        return round(10 + 300 * (float(value) - low) / max(high - low, 1e-9), 1)

    said = _hidden(word, area)
    hidden, before = across(area.hidden), across(area.before)
    return card.render(
        "hiding",
        text("Is it this area?"),
        f"{said} {text('Each thin line is one random area.')}",
        said=said,
        random=[across(each) for each in area.random],
        hidden=hidden,
        hidden_text=min(max(hidden, 60), 260),  # a label that stays within the figure
        before=before,
        before_text=min(max(before, 60), 260),
        low=low,
        high=high,
    )


def _hidden(word: str, area: AreaOcclusion) -> str:
    """What hiding the marked area does to the word, and how many random areas do as much."""
    told = {"random": len(area.random), "as_much": area.as_much, "p": p_value(area.p)}
    parts = [
        text(
            "Hiding the marked area leaves “{word}” at {hidden}, from {before}.",
            word=word,
            hidden=percent(area.hidden),
            before=percent(area.before),
        ),
        text("Of {random} random areas of the same size, {as_much} leave it as low or lower: p = {p}.", **told)
        if area.tried <= 1
        else text(
            "Of {random} random areas of the same size, {as_much} leave it as low or lower: p = {p}, and {corrected} "
            "after the correction for {tried} words.",
            corrected=p_value(area.corrected_p),
            tried=area.tried,
            **told,
        ),
    ]
    if area.middle is not None:
        parts.append(text("Hiding the middle of the pictures leaves it at {middle}.", middle=percent(area.middle)))
    return " ".join(parts)


def _line(shares: Iterable[float], values: Iterable[float]) -> str:
    return card.points((card.across(share), card.down(value)) for share, value in zip(shares, values))


def _curves(name: str, said: dict[str, str], note: str, compared: Comparison) -> str:
    """The card of deletion or of insertion.

    Args:
        name: "deletion" or "insertion".
        said: its texts: `title`, `below` the axis, `caption` of the table and `label` of the figure.
        note: what its curves say.
        compared: explain.metrics.deletion_insertion.Comparison.
    """
    shares = compared.method.shares
    ways = np.array([getattr(each, name) for each in compared.random])  # (random, steps + 1)
    low, high = ways.min(axis=0), ways.max(axis=0)
    areas = [
        ("map", text("this map"), getattr(compared.method, f"{name}_area")),
        ("random", text("random orders"), float(np.mean([getattr(each, f"{name}_area") for each in compared.random]))),
        ("centre", text("the middle"), getattr(compared.centre, f"{name}_area")),
    ]
    told = text(
        "Areas: {areas}; p = {p}.",
        areas=", ".join(f"{who} {worded(decimal(area))}" for _, who, area in areas),
        p=decimal(getattr(compared, f"{name}_p")),
    )
    return card.render(
        "curves",
        said["title"],
        note,
        box=card.BOX,
        caption=said["caption"],
        label=f"{said['label']} {told}",
        rows=[(card.down(value), percent(value)) for value in (0, 0.5, 1)],
        columns=[(card.across(value), percent(value)) for value in (0, 0.5, 1)],
        below=said["below"],
        band=card.points(
            (card.across(x), card.down(y)) for x, y in [*zip(shares, high), *zip(shares[::-1], low[::-1])]
        ),
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
    own, middle, orders = compared.method, compared.centre, len(compared.random)
    p = {"p": p_value(compared.deletion_p), "orders": orders}
    falls = [
        text("A true map falls fast: a smaller area is better."),
        text("This one falls faster than chance (p = {p} against {orders} random orders).", **p)
        if compared.deletion_p <= SIGNIFICANT
        else text("This one falls no faster than chance (p = {p} against {orders} random orders).", **p),
    ]
    p = {"p": p_value(compared.insertion_p), "orders": orders}
    rises = [
        text("A true map rises fast: a larger area is better."),
        text("This one rises faster than chance (p = {p} against {orders} random orders).", **p)
        if compared.insertion_p <= SIGNIFICANT
        else text("This one rises no faster than chance (p = {p} against {orders} random orders).", **p),
    ]
    wins = text("The middle of the pictures does as well or better.")
    if middle.deletion_area <= own.deletion_area:
        falls.append(wins)
    if middle.insertion_area >= own.insertion_area:
        rises.append(wins)
    taken_away = {
        "title": text("Taken away, strongest first"),
        "below": text("share of the pixels taken away"),
        "caption": text("Area under the deletion curve"),
        "label": text("Deletion curves."),
    }
    given_back = {
        "title": text("Given back, strongest first"),
        "below": text("share of the pixels shown"),
        "caption": text("Area under the insertion curve"),
        "label": text("Insertion curves."),
    }
    return _curves("deletion", taken_away, " ".join(falls), compared) + _curves(
        "insertion", given_back, " ".join(rises), compared
    )


def spread(found: Any, title: str) -> str:
    """Where the map that is shown lies and how narrow it is.

    Args:
        found: explain.metrics.attention_entropy.AttentionEntropy of what is positive in it.
        title: the method's.
    """
    if found.evenness < 0.6:
        note = text("What speaks for the word in it is narrow: 0% is a single cell, 100% every cell alike.")
    elif found.evenness < 0.9:
        note = text(
            "What speaks for the word in it is spread over many cells: 0% is a single cell, 100% every cell alike."
        )
    else:
        note = text("What speaks for the word in it is nearly everywhere: 0% is a single cell, 100% every cell alike.")
    return card.render("spread", text("The spread of this map ({method})", method=title), note, found=found)


def pointing(name: str, hit: Any, chance: Any, overlap: Any) -> str:
    """Whether the map lies on the finding that was planted.

    Args:
        name: the finding's name.
        hit, overlap: of `explain.metrics.localisation.pointing_game` and `ious`.
        chance: of `explain.metrics.localisation.random_pointing`.
    """
    views = {"frontal": text("frontal"), "lateral": text("lateral")}
    rows = [
        {"view": views[view], "hit": hit[view], "chance": float(chance[view]), "overlap": overlap[view]}
        for view in views
        if hit[view] is not None
    ]
    note = text(
        "The {finding} of this phantom was planted, so its place is known. Overlap is intersection over union with "
        "what stands out of the map (Otsu's threshold), 0 to 1.",
        finding=text(name),
    )
    return card.render("pointing", text("Does it lie on the finding?"), note, rows=rows)
