"""The words that the page explains, from one file, and how a page's text marks one of them."""

import json
from functools import cache
from pathlib import Path

from markupsafe import Markup

from captioner.language import text

_TERM = Markup('<button type="button" class="cxr-term" data-means="{means}">{shown}</button>')


@cache
def _glossary() -> dict[str, str]:
    return json.loads(Path(__file__).with_name("glossary.json").read_text(encoding="utf-8"))


def glossary() -> dict[str, str]:
    """term -> what it means, in a sentence or two; the terms in English, as the model writes them."""
    return {name: text(means) for name, means in _glossary().items()}


def term(name: str, shown: str | None = None) -> Markup:
    """A word as HTML that explains itself on hover, tap and focus (glossary.js).

    Args:
        name: in the glossary; KeyError where it is not.
        shown: what stands for it, in English; the name when None.
    """
    return _TERM.format(means=text(_glossary()[name]), shown=text(shown or name))
