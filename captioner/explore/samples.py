"""One study of the exploration: its pictures beside its report, and what the labeller reads in the impression."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from captioner.errors import BadInput
from captioner.images.study import read_view
from captioner.reports.collection import SECTIONS, split_of
from captioner.reports.findings import mentions

if TYPE_CHECKING:
    from captioner.reports.collection import Report

LONGEST = 320  # pixels of the longer side of an embedded picture
QUALITY = 82  # of its JPEG


def sample(report: Report, sections: Mapping[str, str]) -> str:
    """An `<article>` with a study's first frontal and first lateral picture and its report.

    Args:
        report: `captioner.reports.collection.Report`.
        sections: section -> text as it was written.

    Returns:
        str, all text of the report escaped and the pictures embedded.
    """
    files = {"frontal": report.frontal, "lateral": report.lateral}
    views = "".join(_view(paths[0], name) for name, paths in files.items() if paths)
    found = list(dict.fromkeys(mention.finding for mention in mentions(report.impression)))
    entries = [
        *((name, escape(sections[name])) for name in SECTIONS),
        ("impression, cleaned", marked(report.impression)),
        ("findings that the labeller reads", escape(", ".join(found)) or "none of the thirteen"),
        ("MeSH", escape("; ".join(report.mesh))),
    ]
    listed = "".join(
        f"<dt>{name}</dt><dd>{text}</dd>" if text else f'<dt>{name}</dt><dd class="none">missing</dd>'
        for name, text in entries
    )
    return (
        f'<article class="study"><div class="views">{views}</div><div><h3>Study {escape(report.uid)} '
        f"({split_of(report.uid)})</h3><dl>{listed}</dl></div></article>"
    )


def marked(impression: str) -> str:
    """A cleaned impression as HTML, with the words that state a finding marked and the finding as their title."""
    words = impression.split()
    names: list[set[str]] = [set() for _ in words]  # the findings that each word states
    for mention in mentions(impression):
        for place in range(mention.start, mention.end):
            names[place].add(mention.finding)
    shown = (
        f'<mark title="{escape(", ".join(sorted(own)))}">{escape(word)}</mark>' if own else escape(word)
        for word, own in zip(words, names, strict=True)
    )
    return " ".join(shown)


def _view(path: Path, name: str) -> str:
    """A picture with its name under it, or the sentence that says why it cannot be read."""
    try:
        pixels = read_view(path, name).pixels
    except BadInput as error:
        return f"<span>{escape(str(error))}</span>"
    scale = min(1, LONGEST / max(pixels.shape))
    rows, columns = (max(1, round(side * scale)) for side in pixels.shape)
    small = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    code = base64.b64encode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()).decode()
    size = f'width="{columns}" height="{rows}"'
    return f'<span><img src="data:image/jpeg;base64,{code}" {size} alt="{name} view">{name}</span>'
