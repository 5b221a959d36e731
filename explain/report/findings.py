"""The findings in the report: what the finding head sees, how sure it is, where, and what the impression says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.seen_and_written import Agreement, standings
from explain.methods.base import method as method_called
from explain.report.data import layer, map_entry

if TYPE_CHECKING:
    from captioner.caption import Finding
    from explain.methods.base import Explanation

ABOUT = (
    "The network has a second way of speaking: a finding head, which gives each of thirteen findings a probability, "
    "calibrated on validation studies, before any word is written. The mark on a bar is the threshold from which the "
    "decoder is told of the finding; the dot is how common the finding is in the training data. Choose a finding for "
    "its map."
)
POOLING = "The map shows the weights with which the head pooled its evidence: they sum to 1 over both views."


def likeliest_first(findings: Sequence[Finding]) -> list[int]:
    """The places of the findings, those with the highest probability first; equal ones keep their order."""
    return sorted(range(len(findings)), key=lambda place: -findings[place].probability)


def payload(
    findings: Sequence[Finding], text: str, explanation: Explanation, names: Sequence[str], lie: Sequence[str]
) -> dict[str, Any]:
    """What the page's script works with.

    Args:
        findings: of `Captioner.findings`.
        text: the impression.
        explanation: `explain.report.data.coarse` maps of some of them.
        names, lie: name and orientation of each view that is shown.

    Returns:
        dict: "layer", how the maps are drawn, as of a method in `explain.report.data.payload`; "entries", the
        likeliest first: "name", "title", "probability", "sentence", "words" (the places of words that state it) and
        "map" (as there; None for a finding that was not explained).
    """
    rows = {name: row for row, name in enumerate(explanation.findings)}
    said, entries = standings(findings, text), []
    for place in likeliest_first(findings):
        finding, standing = findings[place], said[place]
        row = rows.get(finding.name)
        entries.append(
            {
                "name": finding.name,
                "title": titled(finding),
                "probability": finding.probability,
                "sentence": standing.sentence,
                "words": sorted({word for start, end in standing.words for word in range(start, end)}),
                "map": None if row is None else map_entry(explanation, row, names, lie),
            }
        )
    return {"layer": layer(explanation), "entries": entries}


def titled(finding: Finding) -> str:
    """A finding with its place, where it is seen on a side: "effusion, left"."""
    side = "both sides" if finding.side == "bilateral" else finding.side
    return f"{finding.name}, {side}" if side else finding.name


def section(findings: Sequence[Finding], text: str, explanation: Explanation) -> dict[str, Any]:
    """The list, readable without the script: "about", what it is, and "rows", bars with threshold and base rate.

    Returns:
        dict; each row has "title", "state", "quiet" (neither seen nor written), "probability", "threshold",
        "base_rate" (None where it is not known) and "sentence".
    """
    said = standings(findings, text)
    rows = [
        {
            "title": titled(findings[place]),
            "state": "different sides" if said[place].other_side else str(said[place].agreement),
            "quiet": said[place].agreement is Agreement.NEITHER,
            "probability": findings[place].probability,
            "threshold": findings[place].threshold,
            "base_rate": findings[place].base_rate,
            "sentence": said[place].sentence,
        }
        for place in likeliest_first(findings)
    ]
    shown = (
        POOLING if explanation.method == "attention" else f"The map is by {method_called(explanation.method).title}."
    )
    if len(explanation.findings) < len(findings):
        shown += " A method that takes long explains only the findings that are seen, written or unsure."
    return {"about": f"{ABOUT} {shown}", "rows": rows}


def worth_explaining(findings: Sequence[Finding], text: str, slow: bool) -> tuple[str, ...]:
    """The names of the findings that a method explains: all, or for a slow method those seen, written or unsure; the
    likeliest one where there is none."""
    if not slow:
        return tuple(finding.name for finding in findings)
    names = tuple(one.finding for one in standings(findings, text) if one.agreement is not Agreement.NEITHER)
    return names or (findings[int(np.argmax([finding.probability for finding in findings]))].name,)
