"""What the report's script works with: words, and the numbers of their maps, as JSON."""

import base64
import json
from dataclasses import replace
from math import isfinite

import cv2
import numpy as np

from explain import heatmap
from explain.method import method as method_called

FINEST = 64  # numbers along a side of a map, in the file: pixel maps are averaged down to it
FULL = 99  # percentile of a pixel map's strengths that gets the full colour: a few pixels stand far out
_TOKENS = {".": "full stop", "<end>": "end of impression"}


def payload(caption, explanations, views):
    """What the page's script works with, as JSON.

    Args:
        caption: captioner.Caption.
        explanations: Explanations, grid or `coarse`.
        views: names of the views that are shown, in the order of the maps.

    Returns:
        dict. A map is float32, little-endian, views by rows by columns, in base64; "share" is each view's part of what
        spoke for the word; a word that was not explained has None.
    """
    words = [
        {"text": word.text, "log_prob": _number(word.log_prob), "alternatives": [
            {"text": _TOKENS.get(other.text, other.text), "log_prob": _number(other.log_prob),
             "chosen": bool(other.token_id == word.token_id)} for other in word.alternatives], "evidence": None}
        for word in caption.words
    ]  # fmt: skip
    methods = []
    for explanation in explanations:
        rows, columns = explanation.maps.shape[2:]
        maps = [None] * len(words)
        for number, position in enumerate(explanation.positions):
            if position >= len(words):
                continue  # the end token is no word of the page
            values = np.nan_to_num(np.asarray(explanation.maps[number], np.float32))
            share = shares(values)
            maps[position] = {
                "values": base64.b64encode(values[: len(views)].astype("<f4").tobytes()).decode("ascii"),
                "top": strength(values, explanation.grid),
                "share": None if share is None else [float(part) for part in share[: len(views)]],
                "place": [heatmap.place(grid, explanation.extent) for grid in values[: len(views)]],
                "facts": _facts(explanation, number),
            }
        methods.append({
            "name": explanation.method, "title": method_called(explanation.method).title, "rows": rows,
            "columns": columns, "extent": list(explanation.extent), "signed": bool(explanation.signed),
            "grid": bool(explanation.grid), "words": maps,
        })  # fmt: skip
    table = base64.b64encode(heatmap.colour_table("inferno").tobytes()).decode("ascii")
    return {"views": list(views), "words": words, "methods": methods, "colours": table}


def coarse(explanation, finest=FINEST):
    """The Explanation with pixel maps averaged over squares of pixels, at most `finest` numbers along a side."""
    rows, columns = explanation.maps.shape[2:]
    factor = -(-max(rows, columns) // finest)
    if factor <= 1:
        return explanation
    size = max(columns // factor, 1), max(rows // factor, 1)
    maps = [[cv2.resize(grid, size, interpolation=cv2.INTER_AREA) for grid in views] for views in explanation.maps]
    return replace(explanation, maps=np.array(maps, np.float32))


def strength(values, grid):
    """What gets the full colour: the largest size of a grid map's values, the 99th percentile of a pixel map's."""
    sizes = np.abs(values)
    sizes = sizes[sizes.max(axis=(1, 2)) > 0]  # a missing view says nothing
    if not sizes.size:
        return 0.0
    return float(sizes.max() if grid else np.percentile(sizes, FULL) or sizes.max())


def shares(values):
    """Each view's part of all that is positive in a map: `(views,)`, sums to 1; None where nothing is."""
    positive = np.maximum(values, 0).sum(axis=(1, 2), dtype=np.float64)
    return positive / positive.sum() if positive.sum() > 0 else None


def as_json(data):
    """JSON that can stand inside a script element, whatever its texts say."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _number(value):
    """A log probability for JSON, which has no infinity."""
    return round(float(value), 5) if isfinite(value) else -1e9


def signed(value, digits=2):
    """A number with a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "\u2212")


def _facts(explanation, number):
    """Sentences about one word that the method itself found out."""
    details = explanation.details
    facts = []
    if "gap" in details:
        gap, rise = float(details["gap"][number]), float(details["target"][number] - details["baseline"][number])
        facts.append(f"The pictures add {signed(rise)} to the log probability over blurred ones; the map misses "
                     f"{signed(abs(gap), 3)} of it.")  # fmt: skip
    if explanation.alternatives[number] is not None:
        facts.append("This map compares the word with another one that could have stood here.")
    return facts
