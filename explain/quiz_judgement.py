"""A quiz judged: student and model before what is known to be true of a case (`explain.quiz`).

Findings and sides are judged as everywhere (`captioner.reports.claims`, `explain.truth`), places by the outline of what
was planted (`explain.metrics.marked_place`, `explain.metrics.localisation`). Of a study that somebody brings no place
is known: a mark is then held against the model's map, which may itself be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from captioner.numbers import SHOWN_DECIMALS, percent, plain_map
from captioner.reports.claims import Claim, claims, compare_claims, side_of
from captioner.sentence import Sentence
from explain import truth
from explain.metrics.localisation import VIEWS, argmax_location, iou, otsu, stretched
from explain.metrics.marked_place import MarkedPlace, Point, marked_place
from explain.quiz import Answer, Case, ModelAnswer, stated

NOTHING_PLANTED = Sentence("Nothing was planted here: there is no place to mark.")
NOTHING_STATED = Sentence("The reference states no finding: there is no place to mark.")
PLACE_UNKNOWN = Sentence(
    "Where the finding lies is not known here: a reference names findings and no places. The marks can only be held "
    "against the model’s map, which may itself be wrong; they are not counted."
)
TOLD_WHICH = Sentence(
    "The map is the one for what was planted, whether or not the model named it: it had this help, you had not."
)


@dataclass(frozen=True)
class Tally:
    """How many were right, of how many."""

    right: int
    of: int


@dataclass(frozen=True)
class Judged:
    """One who answered, before the truth.

    Attributes:
        verdict: on findings and sides, in one line.
        right: whether all findings and sides are right.
        findings: of those that are true or claimed.
        sides: of the true findings with a side that were named.
        points: view -> the place; the model's is the strongest of its map.
        places: view -> how the place lies to the outline, or to the model's map where no outline is known.
        inside: of the views that show what was planted, how many were marked inside the outline.
        said: view -> a sentence about the place.
    """

    verdict: str
    right: bool
    findings: Tally
    sides: Tally
    points: dict[str, Point]
    places: dict[str, MarkedPlace]
    inside: Tally
    said: dict[str, str]


@dataclass(frozen=True, eq=False)
class Judgement:
    """Student and model before the truth.

    Attributes:
        student, model: Judged.
        overlap: view -> intersection over union of what stands out of the model's map with the outline.
        chance: view -> how likely a place at random is inside the outline.
        notes: sentences that belong beside the numbers.
    """

    student: Judged
    model: Judged
    overlap: dict[str, float]
    chance: dict[str, float]
    notes: tuple[str, ...]


def judge(case: Case, answer: Answer, model: ModelAnswer) -> Judgement:
    """Student and model before the truth of a case."""
    views = [view.name for view in case.study.views]
    peaks = _peaks(model, views)
    wanted = claims(case.reference)
    own = {view: point for view, point in answer.marks.items() if view in views}
    areas = case.masks if case.masks is not None else _areas(case, model)
    student = _judged(wanted, list(answer.claims), own, case, areas, peaks)
    machine = _judged(wanted, claims(model.impression), peaks, case, case.masks or {}, peaks)
    if case.masks is None:
        machine = replace(
            machine, said={**machine.said, **dict.fromkeys(peaks, Sentence("the strongest place of its map"))}
        )
    masks, notes = case.masks or {}, []
    overlap = {}
    if model.maps is not None:
        for view, mask in masks.items():
            laid = stretched(model.maps[VIEWS.index(view)], mask.shape, model.extent)
            overlap[view] = iou(otsu(laid), mask) or 0.0
    if case.masks is None:
        notes.append(PLACE_UNKNOWN if stated(wanted) else NOTHING_STATED)
    elif not case.masks:
        notes.append(NOTHING_PLANTED)
    elif model.maps is not None:
        notes.append(TOLD_WHICH)
    return Judgement(
        student, machine, overlap, {view: float(mask.mean()) for view, mask in masks.items()}, tuple(notes)
    )


def as_dict(case: Case, answer: ModelAnswer, judgement: Judgement) -> dict[str, Any]:
    """A judgement as plain data for the page."""

    def of(judged: Judged) -> dict[str, Any]:
        return {
            "verdict": judged.verdict,
            "right": judged.right,
            "findings": [judged.findings.right, judged.findings.of],
            "sides": [judged.sides.right, judged.sides.of],
            "inside": [judged.inside.right, judged.inside.of],
            "points": {view: list(point) for view, point in judged.points.items()},
            "said": judged.said,
        }

    return {
        "title": case.title,
        "origin": case.origin,
        "reference": case.reference,
        "planted": case.planted,
        "impression": answer.impression,
        "maps": None if answer.maps is None else plain_map(answer.maps, SHOWN_DECIMALS),
        "extent": list(answer.extent),
        "about": answer.about,
        "student": of(judgement.student),
        "model": of(judgement.model),
        "overlap": judgement.overlap,
        "chance": judgement.chance,
        "notes": list(judgement.notes),
    }


def _peaks(model: ModelAnswer, views: Sequence[str]) -> dict[str, Point]:
    """view -> where the model's map is strongest; a view that the map leaves out is left out."""
    found: dict[str, Point] = {}
    if model.maps is None:
        return found
    for view in views:
        place = argmax_location(model.maps[VIEWS.index(view)], model.extent)
        if place is not None:
            found[view] = place[1], place[0]
    return found


def _areas(case: Case, model: ModelAnswer) -> dict[str, np.ndarray]:
    """view -> what stands out of the model's map, bool, of the picture's shape."""
    if model.maps is None:
        return {}
    return {
        view.name: otsu(stretched(model.maps[VIEWS.index(view.name)], view.pixels.shape, model.extent))
        for view in case.study.views
    }


def _judged(
    wanted: list[Claim],
    given: list[Claim],
    points: Mapping[str, Point],
    case: Case,
    areas: Mapping[str, np.ndarray],
    peaks: Mapping[str, Point],
) -> Judged:
    compared = compare_claims(wanted, given)
    named_right = len(compared.agreed) + len(compared.side_wrong) + len(compared.side_missing)
    of = named_right + len(compared.missed) + len(compared.made_up) + len(compared.contradictory)
    sided = [
        finding
        for finding in (*compared.agreed, *compared.side_wrong, *compared.side_missing)
        if side_of(wanted, finding) is not None
    ]
    verdict, right = truth.judged(wanted, given)
    known = case.masks is not None
    places = {}
    for view, point in points.items():
        # Before its own map the distance counts from the model's strongest place, which its mark on the page is.
        targets = None if known or view not in peaks else [peaks[view]]
        place = marked_place(point, areas[view], targets) if view in areas else None
        if place is not None:
            places[view] = place
    shown = case.masks or {}
    return Judged(
        verdict,
        right,
        # Where nothing is there and nothing is claimed, that is the one thing to be right about.
        Tally(named_right, of) if of else Tally(1, 1),
        Tally(sum(finding in compared.agreed for finding in sided), len(sided)),
        dict(points),
        places,
        Tally(sum(places[view].inside for view in shown if view in places), len(shown)),
        {view.name: _said(view.name, points, places, case) for view in case.study.views},
    )


def _said(view: str, points: Mapping[str, Point], places: Mapping[str, MarkedPlace], case: Case) -> Sentence:
    if view not in points:
        return Sentence("not marked")
    if view not in places:
        if case.masks is None:
            return Sentence("marked; there is no map to hold it against")
        if not case.masks:
            return Sentence("marked, and nothing lies there")
        return Sentence("marked; this view does not show it")
    place = places[view]
    if case.masks is not None:
        told = (
            Sentence("inside the outline, {distance} from its centre")
            if place.inside
            else Sentence("outside the outline, {distance} from its centre")
        )
    elif place.inside:
        told = Sentence("inside the model’s area, {distance} from its strongest place")
    else:
        told = Sentence("outside the model’s area, {distance} from its strongest place")
    return told.filled(distance=percent(place.distance))
