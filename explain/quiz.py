"""A quiz on one study: what is asked about, what a student may answer, and what the model answers.

`explain.quiz_judgement` says who was right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner import read_study
from captioner.errors import BadInput
from captioner.reports.claims import Claim, Side, claims
from captioner.reports.findings import FINDINGS, SIDED
from captioner.reports.pasted_text import read_pasted
from captioner.reports.statements import is_statement
from captioner.sentence import Sentence
from explain import truth
from explain.heatmap import Extent
from explain.metrics.localisation import VIEWS
from explain.metrics.marked_place import Point

if TYPE_CHECKING:  # it imports TensorFlow
    from captioner.captioner import Captioner
    from captioner.images.study import Study

OF_PHANTOM = Sentence("A phantom, drawn by a computer: what was planted, and where, is known.")
OF_OWN = Sentence("The reference that was typed.")
NO_MAP = Sentence("This checkpoint has no maps: it marks no place.")


@dataclass(frozen=True, eq=False)
class Case:
    """A study to be asked about.

    Attributes:
        study: captioner.Study.
        reference: the impression that is true of it.
        origin: a sentence: what the study is, and what is known of it.
        title: what it is called once it is answered.
        masks: view -> bool `(rows, columns)`, all that was planted together; None where no place is known.
        planted: the outlines, as `explain.truth.planted` gives them.
    """

    study: Study
    reference: str
    origin: str
    title: str
    masks: dict[str, np.ndarray] | None
    planted: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What a student says of a case.

    Attributes:
        marks: view -> the place that was marked; a view without a mark is left out.
        claims: the findings that were named, as claims.
    """

    marks: Mapping[str, Point]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, eq=False)
class ModelAnswer:
    """What the model says of a case.

    Attributes:
        impression: what it writes, by greedy search.
        maps: float `(2, rows, columns)`, where it looked; None without maps, or where nothing is named.
        extent: the part of the pictures that the maps cover.
        about: a sentence: of what the maps are.
    """

    impression: str
    maps: np.ndarray | None
    extent: Extent
    about: str


def case_of_example(entry: Mapping[str, Any]) -> Case:
    """The Case of an example; its masks lie beside its pictures.

    Args:
        entry: an example, as captioner.phantom.read_cases gives them.
    """
    folder = Path(entry["frontal"]).parent
    masks: dict[str, np.ndarray] = {}
    for finding in entry.get("findings") or ():
        for view, name in zip(VIEWS, finding.get("masks") or ()):
            mask = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE) if name else None
            if mask is not None and (mask > 127).any():
                masks[view] = masks.get(view, np.zeros(mask.shape, bool)) | (mask > 127)
    study = read_study(entry["frontal"], entry["lateral"] or None)
    return Case(study, entry["impression"], OF_PHANTOM, Sentence(entry["title"]), masks, truth.planted(entry, folder))


def case_of_own(frontal: str | Path | None, lateral: str | Path | None, reference: str) -> Case:
    """The Case of somebody's own study, with the impression that is held to be true of it.

    Raises:
        BadInput: there is no frontal view, a file cannot be read, or the reference says nothing of the findings.
    """
    if not frontal:
        raise BadInput(Sentence("Bring a frontal X-ray first, under “Your X-rays”."))
    if not says_something(reference):
        raise BadInput(
            Sentence("The reference states none of the thirteen findings, and does not say that there is none.")
        )
    return Case(read_study(frontal, lateral or None), reference.strip(), OF_OWN, Sentence("Your own study"), None)


def says_something(text: str) -> bool:
    """Whether an impression states or denies any finding, or calls the chest normal."""
    return bool(claims(text)) or any(
        is_statement(part.strip()) for part in read_pasted(text).split(".") if part.strip()
    )


def named(finding: str, side: Side | None = None) -> Claim:
    """The claim of a finding that was chosen from the list, and not written."""
    return Claim(finding, side if finding in SIDED else None, False, 0, 0)


def stated(found: Sequence[Claim]) -> list[str]:
    """The findings that these claims state, in the order of FINDINGS."""
    names = {claim.finding for claim in found if not claim.denied}
    return [finding for finding in FINDINGS if finding in names]


def answer_of_model(model: Captioner, case: Case) -> ModelAnswer:
    """What a checkpoint writes of a case, and its map for what is true of it.

    Where nothing is true of it, the map is that of what the model claims.
    """
    features = model.encode(case.study)
    caption = model.caption(features)
    extent = Extent(0.0, 0.0, *model.coverage)
    wanted = stated(claims(case.reference)) or stated(claims(caption.text))
    if not wanted:
        return ModelAnswer(caption.text, None, extent, Sentence("Nothing is named, so there is no map to show."))
    names = _and(wanted)
    if model.has_findings:
        maps = np.mean([finding.map for finding in model.findings(features) if finding.name in wanted], axis=0)
        about = Sentence("The map is the finding head’s, for {findings}.", findings=names)
        return ModelAnswer(caption.text, maps, extent, about)
    if not model.has_attention:
        return ModelAnswer(caption.text, None, extent, NO_MAP)
    # A caption is cleaned text: the words of a claim are its own.
    spans = [claim for claim in claims(caption.text) if not claim.denied and claim.finding in wanted]
    stating = sorted({place for claim in spans for place in range(claim.start, claim.end)})
    words = [caption.words[place] for place in stating] or list(caption.words)
    attention = [word.attention for word in words if word.attention is not None]
    if not attention:
        return ModelAnswer(caption.text, None, extent, NO_MAP)
    quoted = ", ".join(f"“{word.text}”" for word in words)
    about = (
        Sentence("The map is the attention for {words}.", words=quoted)
        if stating
        else Sentence(
            "The model does not name {findings}: the map is its attention over the whole impression.", findings=names
        )
    )
    return ModelAnswer(caption.text, np.mean(attention, axis=0), extent, about)


def _and(findings: Sequence[str]) -> Sentence:
    first, *more = map(Sentence, findings)
    for finding in more:
        first = Sentence("{first} and {second}", first=first, second=finding)
    return first
