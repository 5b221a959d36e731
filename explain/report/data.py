"""What the report's script works with: words, and the numbers of their maps, as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.images.orientation import orientation
from captioner.images.study import View
from captioner.numbers import decimal
from captioner.sentence import Sentence
from explain import heatmap, places
from explain.methods.base import method as method_called

if TYPE_CHECKING:
    from captioner.caption import Caption
    from explain.methods.base import Explanation

FINEST = 64  # numbers along a side of a map, in the file: pixel maps are averaged down to it
FULL = 99  # percentile of a pixel map's strengths that gets the full colour: a few pixels stand far out
_TOKENS = {".": "full stop", "<end>": "end of impression"}


def payload(caption: Caption, explanations: Sequence[Explanation], views: Sequence[View]) -> dict[str, Any]:
    """What the page's script works with, as JSON.

    Args:
        caption: captioner.Caption.
        explanations: Explanations, grid or `coarse`.
        views: captioner.View of each view that is shown, in the order of the maps.

    Returns:
        dict. A map is float32, little-endian, views by rows by columns, in base64; "share" is each view's part of what
        spoke for the word, "said" a sentence on each view; a word that was not explained has None.
    """
    names = [view.name for view in views]
    lie = [orientation(view.pixels, view.name) for view in views]
    words: list[dict[str, Any]] = [
        {
            "text": word.text,
            "log_prob": _number(word.log_prob),
            "alternatives": [
                {
                    "text": _TOKENS.get(other.text, other.text),
                    "log_prob": _number(other.log_prob),
                    "chosen": bool(other.token_id == word.token_id),
                }
                for other in word.alternatives
            ],
            "evidence": None,
        }
        for word in caption.words
    ]
    methods: list[dict[str, Any]] = []
    for explanation in explanations:
        maps: list[dict[str, Any] | None] = [None] * len(words)
        for number, position in enumerate(explanation.positions):
            if position < len(words):  # the end token is no word of the page
                maps[position] = map_entry(explanation, number, names, lie)
        methods.append({**layer(explanation), "words": maps})
    table = base64.b64encode(heatmap.colour_table("inferno").tobytes()).decode("ascii")
    return {"views": names, "words": words, "methods": methods, "colours": table}


def layer(explanation: Explanation) -> dict[str, Any]:
    """How an Explanation's maps are drawn: "name" and "title" of the method, "rows", "columns", "extent", "signed",
    "grid"."""
    rows, columns = explanation.maps.shape[2:]
    return {
        "name": explanation.method,
        "title": method_called(explanation.method).title,
        "rows": rows,
        "columns": columns,
        "extent": list(explanation.extent),
        "signed": bool(explanation.signed),
        "grid": bool(explanation.grid),
    }


def map_entry(explanation: Explanation, number: int, names: Sequence[str], lie: Sequence[str]) -> dict[str, Any]:
    """One map of an Explanation, as `payload` describes it.

    Args:
        number: which of its maps.
        names, lie: name and orientation of each view that is shown.
    """
    values = np.nan_to_num(np.asarray(explanation.maps[number], np.float32))
    share = shares(values)
    return {
        "values": base64.b64encode(values[: len(names)].astype("<f4").tobytes()).decode("ascii"),
        "top": strength(values, explanation.grid),
        "share": None if share is None else [float(part) for part in share[: len(names)]],
        "said": places.sentences(values, share, names, lie, explanation.extent),
        "facts": _facts(explanation, number),
    }


def coarse(explanation: Explanation, finest: int = FINEST) -> Explanation:
    """The Explanation with pixel maps averaged over squares of pixels, at most `finest` numbers along a side."""
    rows, columns = explanation.maps.shape[2:]
    factor = -(-max(rows, columns) // finest)
    if factor <= 1:
        return explanation
    size = max(columns // factor, 1), max(rows // factor, 1)
    maps = [[cv2.resize(grid, size, interpolation=cv2.INTER_AREA) for grid in views] for views in explanation.maps]
    return replace(explanation, maps=np.array(maps, np.float32))


def strength(values: np.ndarray, grid: bool) -> float:
    """What gets the full colour: the largest size of a grid map's values, the 99th percentile of a pixel map's."""
    sizes = np.abs(values)
    sizes = sizes[sizes.max(axis=(1, 2)) > 0]  # a missing view says nothing
    if not sizes.size:
        return 0.0
    return float(sizes.max() if grid else np.percentile(sizes, FULL) or sizes.max())


def shares(values: np.ndarray) -> np.ndarray | None:
    """Each view's part of all that is positive in a map: `(views,)`, sums to 1; None where nothing is."""
    positive = np.maximum(values, 0).sum(axis=(1, 2), dtype=np.float64)
    return positive / positive.sum() if positive.sum() > 0 else None


def as_json(data: Any) -> str:
    """JSON that is safe inside a script element, whatever its texts say."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _number(value: float) -> float:
    """A log probability for JSON, which has no infinity."""
    return round(float(value), 5) if isfinite(value) else -1e9


def number_of(explanation: Explanation) -> Sentence:
    """What the number is called that an Explanation explains."""
    return Sentence("log odds") if explanation.findings else Sentence("log probability")


def _facts(explanation: Explanation, number: int) -> list[Sentence]:
    """Sentences about one word that the method itself found out."""
    details = explanation.details
    facts = []
    if "gap" in details:
        gap, rise = float(details["gap"][number]), float(details["target"][number] - details["baseline"][number])
        facts.append(
            Sentence(
                "The pictures add {rise} to the {number} over blurred ones; the map misses {gap} of it.",
                rise=decimal(rise),
                number=number_of(explanation),
                gap=decimal(abs(gap), 3),
            )
        )
    if explanation.alternatives[number] is not None:
        facts.append(Sentence("This map compares the word with another one that could have stood here."))
    return facts
