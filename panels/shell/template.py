"""The page's HTML: one Jinja2 environment for all panels, whose templates lie beside their Python."""

from pathlib import Path
from typing import Any

from explain.report.template import environment

_TEMPLATES = environment(Path(__file__).resolve().parents[1], trim_blocks=True, lstrip_blocks=True)


def render(name: str, /, **values: Any) -> str:
    """A template, filled in. Every text is escaped; only `Markup` goes in as it is.

    Args:
        name: of the template's file, from `panels/`: `about/card.html`.
        values: what it names; a name that is missing raises `jinja2.UndefinedError`.
    """
    return _TEMPLATES.get_template(name).render(values).strip()
