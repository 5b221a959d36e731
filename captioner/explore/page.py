"""A look at the collection before training on it, as one HTML file that opens offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from captioner.explore.sections import SECTIONS
from captioner.explore.survey import survey
from captioner.explore.template import render
from captioner.template import trusted

if TYPE_CHECKING:
    from captioner.explore.survey import Survey

STYLE = Path(__file__).with_name("explore.css")
FORMS = {"csv": "the two-CSV release", "xml": "the XML release"}


def explore(data: str | Path, out: str | Path) -> Path:
    """Write `out/explore.html`: what the collection holds and what that means for training.

    The file refers to nothing outside itself. It holds real reports and pictures.

    Args:
        data: folder of the collection, in either form.
        out: folder for the page; made where it does not exist.

    Returns:
        Path of the page.

    Raises:
        BadInput: as `captioner.reports.collection.read_collection`, or no study has both an impression and a picture.
        OSError: `out` cannot be written.
    """
    text = page(survey(data))
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "explore.html"
    path.write_text(text, encoding="utf-8")
    return path


def page(found: Survey) -> str:
    """The whole page for a `captioner.explore.survey.Survey`, as text."""
    sections = [
        {"id": title.lower().replace(" ", "-"), "title": title, "html": write(found)}
        for title, write in SECTIONS.items()
    ]
    return render(
        "page.html",
        name=found.name,
        form=FORMS[found.collection.form],
        style=trusted(STYLE.read_text(encoding="utf-8")),
        sections=sections,
    )
