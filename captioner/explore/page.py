"""A look at the collection before training on it, as one HTML file that opens offline."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.explore.sections import SECTIONS
from captioner.explore.survey import survey

if TYPE_CHECKING:
    from captioner.explore.survey import Survey

STYLE = Path(__file__).with_name("explore.css")
LOCAL_USE = (
    "This file holds real reports and X-rays. It is for use on this machine and is not to be published or passed on: "
    "the collection's licence is CC BY-NC-ND 4.0, which allows no altered copies."
)
SOURCE = (
    "Indiana University chest X-ray collection (Open-i, U.S. National Library of Medicine); Demner-Fushman et al., "
    "Preparing a collection of radiology examinations for distribution and retrieval, JAMIA 2016."
)
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
    contents, body = "", ""
    for title, write in SECTIONS.items():
        place = title.lower().replace(" ", "-")
        contents += f'<li><a href="#{place}">{title}</a></li>'
        body += f'<section id="{place}"><h2>{title}</h2>{write(found)}</section>\n'
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>The collection in {escape(found.name)}</title>
<style>{STYLE.read_text(encoding="utf-8")}</style></head>
<body><div class="page"><nav aria-label="Contents"><ol>{contents}</ol></nav>
<main><h1>The chest X-ray collection in {escape(found.name)}</h1>
<p class="lead">Read from {FORMS[found.collection.form]}. Counts are of the studies kept for training and testing,
unless said otherwise; an impression is counted as the captioner learns it, cleaned to lower-case words
and full stops.</p>
<p class="local"><b>Local use only.</b> {LOCAL_USE}</p>
{body}<h2>Source</h2><p class="lead">{SOURCE}</p></main></div></body></html>
"""
