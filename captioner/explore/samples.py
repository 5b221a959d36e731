"""One study of the exploration: its pictures beside its report, and what the labeller reads in the impression."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from captioner.errors import BadInput
from captioner.explore.template import render
from captioner.images.study import read_view
from captioner.reports.collection import SECTIONS, split_of
from captioner.reports.findings import mentions

if TYPE_CHECKING:
    from markupsafe import Markup

    from captioner.reports.collection import Report

LONGEST = 320  # pixels of the longer side of an embedded picture
QUALITY = 82  # of its JPEG


def sample(report: Report, sections: Mapping[str, str]) -> Markup:
    """An `<article>` with a study's first frontal and first lateral picture and its report.

    Args:
        report: `captioner.reports.collection.Report`.
        sections: section -> text as it was written.

    Returns:
        HTML, the pictures embedded.
    """
    files = {"frontal": report.frontal, "lateral": report.lateral}
    return render(
        "study.html",
        uid=report.uid,
        split=split_of(report.uid),
        views=[_view(paths[0], name) for name, paths in files.items() if paths],
        sections=[(name, sections[name]) for name in SECTIONS],
        impression=stated_by_word(report.impression),
        found=list(dict.fromkeys(mention.finding for mention in mentions(report.impression))),
        mesh=report.mesh,
    )


def stated_by_word(impression: str) -> list[tuple[str, list[str]]]:
    """Each word of a cleaned impression with the findings that it states, in the order of the alphabet."""
    words = impression.split()
    names: list[set[str]] = [set() for _ in words]
    for mention in mentions(impression):
        for place in range(mention.start, mention.end):
            names[place].add(mention.finding)
    return [(word, sorted(own)) for word, own in zip(words, names, strict=True)]


def _view(path: Path, name: str) -> dict[str, Any]:
    """A picture with its name and size in pixels, or the sentence that says why it cannot be read."""
    try:
        pixels = read_view(path, name).pixels
    except BadInput as error:
        return {"problem": str(error)}
    scale = min(1, LONGEST / max(pixels.shape))
    rows, columns = (max(1, round(side * scale)) for side in pixels.shape)
    small = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    code = base64.b64encode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()).decode()
    return {"problem": "", "name": name, "width": columns, "height": rows, "url": f"data:image/jpeg;base64,{code}"}
