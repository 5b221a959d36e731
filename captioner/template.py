"""The one way in which HTML is made, files and the page's: Jinja2 templates that escape every text."""

from math import exp
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from captioner.numbers import decimal, p_value, percent


def environment(folder: Path, **how: Any) -> Environment:
    """Templates of a folder. They escape every text, and a name that is missing raises `jinja2.UndefinedError`.

    Args:
        folder: of the templates' files.
        how: what else jinja2.Environment is asked for.
    """
    found = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, auto_reload=False, **how
    )
    found.filters |= {
        "decimal": decimal,
        "percent": percent,
        "p_value": p_value,
        "probability": lambda log_prob: min(exp(log_prob), 1),
        "width": lambda share: f"{100 * share:.2f}%",  # of a bar, as CSS takes it
    }
    return found


def trusted(text: str) -> Markup:
    """Text that is HTML, style or script of this project's own making, or was escaped already."""
    return Markup(text)
