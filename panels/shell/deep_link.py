"""A link that brings back an example with its settings, word and method: `?example=..&word=..&method=..&finding=..`.

A step of the lesson has a link of its own, `?lesson=3` (panels/lesson/lesson.js), and so has a quiz of chosen cases,
`?quiz=normal,left-effusion` (panels/quiz/quiz.js); the links that the page makes name the cases by codes, which do not
give the answers away.

The gallery hands over what is in the address as soon as the page is there (panels/shell/gallery.py); the viewer
writes the link, and brings back the word, its method and how the maps are drawn (panels/viewer/link.js,
panels/viewer/method.js), and a chosen finding (panels/findings/findings.js). `?lang=de` says the page's language
(panels/server/visitor_language.py). Anyone can type an address: what is no setting of the page is left out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from captioner.language import text
from captioner.reports.findings import FINDINGS
from panels.shell.catalogues import LANGUAGES

SETTINGS = ("decoding", "width", "length_penalty", "checkpoint")
MOST_CASES = 20  # of one quiz
PANELS = ("explain", "trust", "compare", "what-if", "score", "batch", "lesson", "quiz", "class", "gallery", "about")
"""The panels that `?embed&panels=explain,what-if` may name (panels/shell/only_panels.js)."""


def _number(typed: Any, low: float, high: float) -> float | None:
    try:
        number = float(typed)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and low <= number <= high else None


def read(wanted: Mapping[str, Any], checkpoints: Sequence[str]) -> dict[str, Any]:
    """The settings that an address asks for.

    Args:
        wanted: dict of str, the address's parameters; None for none.
        checkpoints: the names on offer.

    Returns:
        dict of those SETTINGS that are there and in range: decoding str, width int 1..10, length_penalty float 0..2,
        checkpoint str.
    """
    found: dict[str, Any] = {}
    if not isinstance(wanted, dict):
        return found
    if wanted.get("decoding") in ("greedy", "beam"):
        found["decoding"] = wanted["decoding"]
    width, penalty = _number(wanted.get("width"), 1, 10), _number(wanted.get("length_penalty"), 0, 2)
    if width is not None and width == int(width):
        found["width"] = int(width)
    if penalty is not None:
        found["length_penalty"] = penalty
    if wanted.get("checkpoint") in list(checkpoints):
        found["checkpoint"] = wanted["checkpoint"]
    return found


_READ_BY_VIEWER = {  # panels/viewer/link.js and method.js; what stands there must be one of these
    "colours": ("inferno", "viridis", "cividis"),
    "scale": ("word", "impression"),
    "draw": ("smooth", "raw", "contour"),
}


def complaints(
    wanted: Mapping[str, Any],
    checkpoints: Sequence[str],
    examples: Sequence[str],
    steps: int,
    methods: Sequence[str] = (),
) -> list[str]:
    """What an address asks for and the page does not have, a sentence each.

    Args:
        wanted: dict of str, the address's parameters; those that the page does not know are let pass.
        checkpoints, examples, methods: the names on offer.
        steps: how many steps the lesson has.
    """
    told = []

    def refuse(name: str, what: str) -> None:
        asked = str(wanted[name])[:60]
        told.append(text("The link asks for {name}={asked}, and {what}.", name=name, asked=asked, what=what))

    found = read(wanted, checkpoints)
    allowed = {
        "decoding": text("decoding is greedy or beam"),
        "width": text("the beam width is a whole number from 1 to 10"),
        "length_penalty": text("the length penalty is a number from 0 to 2"),
        "checkpoint": text("the checkpoints here are {names}", names=", ".join(checkpoints)),
    }
    for name in SETTINGS:
        if name in wanted and name not in found:
            refuse(name, allowed[name])
    if "example" in wanted and wanted["example"] not in list(examples):
        refuse("example", text("there is no example of that name"))
    if "lesson" in wanted and step(wanted["lesson"], steps) is None:
        refuse("lesson", text("the lesson has the steps 1 to {steps}", steps=steps))
    if "quiz" in wanted and quiz(wanted["quiz"], examples) is None:
        what = text("a quiz is of 1 to {most} cases of this page, their names separated by commas", most=MOST_CASES)
        refuse("quiz", what)
    if "panels" in wanted and not set(_names(wanted["panels"])) <= set(PANELS):
        refuse("panels", text("the panels are {names}", names=", ".join(PANELS)))
    if "method" in wanted and wanted["method"] not in list(methods):
        refuse("method", text("the methods are {names}", names=", ".join(methods)))
    for name, values in _READ_BY_VIEWER.items():
        if name in wanted and wanted[name] not in values:
            refuse(name, text("it is one of {names}", names=", ".join(values)))
    if "opacity" in wanted and _number(wanted["opacity"], 0, 100) is None:
        refuse("opacity", text("it is a number from 0 to 100"))
    if "finding" in wanted and str(wanted["finding"]).lower() not in [name.lower() for name in FINDINGS]:
        refuse("finding", text("the findings are {names}", names=", ".join(FINDINGS)))
    if "word" in wanted and _number(wanted["word"], 1, 999) is None:
        refuse("word", text("words are counted from 1"))
    if "lang" in wanted and wanted["lang"] not in LANGUAGES:
        refuse("lang", text("the languages are {names}", names=", ".join(LANGUAGES)))
    return told


def _names(typed: Any) -> list[str]:
    return [part.strip() for part in str(typed).split(",")]


def step(number: Any, count: int) -> int | None:
    """The step of the lesson that an address asks for: int 1..count, or None.

    Args:
        number: int, or str from the address.
        count: how many steps there are.
    """
    found = _number(number, 1, count)
    return int(found) if found is not None and found == int(found) else None


def case_code(name: str) -> str:
    """Six letters and digits by which a link names a case of a quiz: the case's name would say what is there."""
    return hashlib.sha256(name.encode()).hexdigest()[:6]


def quiz(typed: Any, names: Sequence[str]) -> list[str] | None:
    """The codes of the cases that an address asks to be quizzed about, each once; None where it asks for others.

    Args:
        typed: names or codes of cases, separated by commas.
        names: of the cases that there are.
    """
    codes = {key: case_code(name) for name in names for key in (name, case_code(name))}
    asked = _names(typed) if isinstance(typed, str) and typed.strip() else []
    found = list(dict.fromkeys(codes.get(part, "") for part in asked))
    return found if found and "" not in found and len(found) <= MOST_CASES else None
