"""The exploration's HTML: the page and each of its sections have a template beside their Python."""

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from captioner.explore import figures
from captioner.template import environment, trusted


def _median(numbers: np.ndarray) -> str:
    return f"{np.median(numbers):.0f}" if len(numbers) else "–"


_TEMPLATES = environment(Path(__file__).parent, trim_blocks=True, lstrip_blocks=True)
_TEMPLATES.globals["share"] = figures.share
_TEMPLATES.filters |= {"median": _median, "svg": figures.svg, "thousands": "{:,}".format}


def render(name: str, /, **values: Any) -> Markup:
    """A template of this folder, filled in. Every text is escaped; only `Markup` goes in as it is.

    Args:
        name: of the template's file.
        values: what it names; a name that is missing raises `jinja2.UndefinedError`.
    """
    return trusted(_TEMPLATES.get_template(name).render(values).strip())
