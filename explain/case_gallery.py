"""What a checkpoint makes of the cases of the gallery: said or missed, its map on or off the planted place.

The answers lie beside the cases, in `told.json`, with the weights that gave them: `python -m explain gallery` writes
the file anew. The cases were chosen without asking a model (`captioner.phantom.gallery`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.errors import BadInput
from captioner.numbers import decimal
from captioner.reports.claims import claims, compare_claims
from captioner.reports.findings import FINDINGS
from captioner.sentence import Sentence, joined
from explain import quiz, quiz_judgement
from explain.quiz import Answer

if TYPE_CHECKING:  # it imports TensorFlow
    from captioner.captioner import Captioner

TOLD = "told.json"
WEIGHTS = "model.safetensors"
OUTCOMES = {
    "right": Sentence("all right"),
    "missed": Sentence("misses something"),
    "side": Sentence("side wrong or left out"),
    "made_up": Sentence("makes something up"),
}
PLACES = {
    "on": Sentence("on the place"),
    "partly": Sentence("on it on one view"),
    "off": Sentence("off the place"),
    "none": Sentence("no place to be on"),
}


def told_of(model: Captioner, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint makes of one case.

    Args:
        model: Captioner.
        entry: the case, as captioner.phantom.read_cases gives it.

    Returns:
        dict: `impression` and `verdict`; `outcomes`, those of OUTCOMES that hold; `place`, one of PLACES; `planted`,
        `named`, `sides` and `sides_right`, counts of planted findings; `made_up`, of others; `inside` and `views`, on
        how many of the views that show a finding the map's strongest place is inside the outline; `chance`, on how
        many a place at random would be.
    """
    case = quiz.case_of_example(entry)
    answer = quiz.answer_of_model(model, case)
    judged = quiz_judgement.judge(case, Answer({}, ()), answer)
    wanted, given = claims(case.reference), claims(answer.impression)
    compared = compare_claims(wanted, given)
    missed = [*compared.missed, *compared.contradictory]
    named = [*compared.agreed, *compared.side_wrong, *compared.side_missing]
    holds = {
        "right": judged.model.right,
        "missed": bool(missed),
        "side": bool(compared.side_wrong or compared.side_missing),
        "made_up": bool(compared.made_up),
    }
    inside, views = judged.model.inside.right, judged.model.inside.of
    place = (
        "none" if not views or answer.maps is None else "off" if not inside else "on" if inside == views else "partly"
    )
    return {
        "impression": answer.impression,
        "verdict": judged.model.verdict,
        "outcomes": [name for name in OUTCOMES if holds[name]],
        "place": place,
        "planted": len(named) + len(missed),
        "named": len(named),
        "sides": judged.model.sides.of,
        "sides_right": judged.model.sides.right,
        "made_up": len(compared.made_up),
        "inside": inside,
        "views": views if answer.maps is not None else 0,
        "chance": round(sum(judged.chance.values()), 4) if answer.maps is not None else 0.0,
    }


def write(folder: str | Path, entries: Sequence[Mapping[str, Any]], model: Captioner) -> dict[str, Any]:
    """Ask a checkpoint about every case and write `folder`/told.json; returns what it holds.

    Raises:
        BadInput: there are no cases, or the folder cannot be written.
    """
    if not entries:
        raise BadInput(f"{folder} holds no cases: `python -m captioner phantoms --gallery --out {folder}` draws them.")
    found = {
        "checkpoint": model.name,
        "weights": model.config["files"][WEIGHTS],
        "cases": {entry["name"]: told_of(model, entry) for entry in entries},
    }
    path = Path(folder) / TOLD
    try:
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error
    return found


def read(folder: str | Path) -> dict[str, Any] | None:
    """What `write` left in a folder; None where there is nothing."""
    path = Path(folder) / TOLD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def findings_of(entry: Mapping[str, Any]) -> list[str]:
    """The findings that a case's own impression states, of FINDINGS and in their order."""
    stated = {claim.finding for claim in claims(entry["impression"]) if not claim.denied}
    return [finding for finding in FINDINGS if finding in stated]


def summary(told: Mapping[str, Any]) -> Sentence:
    """How a checkpoint does on all cases, with what knows nothing of the pictures beside it."""
    cases = list(told["cases"].values())
    count = {
        name: sum(case[name] for case in cases)
        for name in ("planted", "named", "sides", "sides_right", "made_up", "inside", "views")
    }
    normal = sum(case["planted"] == 0 for case in cases)
    right = sum("right" in case["outcomes"] for case in cases)
    parts = [
        Sentence(
            "Of {planted} planted findings the checkpoint “{checkpoint}” names {named}, {sides_right} of {sides} on "
            "the right side, and makes up {made_up}.",
            checkpoint=told["checkpoint"],
            **count,
        ),
        Sentence(
            "{right} of {cases} cases are right in everything; saying that nothing is there is right of {normal}.",
            right=right,
            cases=len(cases),
            normal=normal,
        ),
    ]
    if count["views"]:
        parts.append(
            Sentence(
                "Its map is strongest inside the outline on {inside} of {views} views, where a place at random would "
                "be on {chance}.",
                chance=decimal(sum(case["chance"] for case in cases), 1),
                **count,
            )
        )
    parts.append(Sentence("Phantoms are easier to see than patients, and others of their kind were in its training."))
    return joined(" ", parts)
