"""What all cards of the Trust panel share: the template, and the axes of a figure."""

from collections.abc import Iterable
from typing import Any

from panels.shell import template

WIDTH, HEIGHT = 320, 190  # of a figure's own units; it is stretched to its place
LEFT, RIGHT, TOP, BOTTOM = 38, WIDTH - 18, 10, HEIGHT - 34  # of what is drawn within its axes
BOX = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "bottom": BOTTOM}


def render(kind: str, title: str, note: str = "", /, **values: Any) -> str:
    """A card by the template of that kind; without a note there is none below it."""
    return template.render(f"trust/{kind}.html", title=title, note=note, **values)


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """Points as SVG takes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def across(share: float) -> float:
    """Where a share 0..1 of the horizontal axis lies."""
    return LEFT + float(share) * (RIGHT - LEFT)


def down(value: float) -> float:
    """Where a value 0..1 on the vertical axis lies."""
    return TOP + (1 - float(value)) * (BOTTOM - TOP)
