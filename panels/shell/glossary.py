"""The words that the page explains, from one file, and how a page's text marks one of them."""

import json
from functools import cache
from html import escape
from pathlib import Path


@cache
def glossary() -> dict[str, str]:
    """term -> what it means, in a sentence or two."""
    return json.loads(Path(__file__).with_name("glossary.json").read_text(encoding="utf-8"))


def term(name: str, text: str | None = None) -> str:
    """A word as HTML that explains itself on hover, tap and focus (glossary.js).

    Args:
        name: in the glossary; KeyError where it is not.
        text: what is shown for it; the name when None.
    """
    means = escape(glossary()[name], quote=True)
    return f'<button type="button" class="cxr-term" data-means="{means}">{escape(text or name)}</button>'
