"""What the parts of the report say; report.html lays them out."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import exp
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.checkpoint import read_card
from captioner.images.orientation import orientation
from captioner.numbers import decimal, percent
from captioner.template import trusted
from explain import heatmap, places
from explain.methods.base import method as method_called
from explain.methods.sources import SOURCES
from explain.report import card
from explain.report.data import FULL

if TYPE_CHECKING:
    from markupsafe import Markup

    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.study import Study
    from explain.methods.base import Explanation

LONGEST = 1024  # pixels of a picture's longer side, in the file
FINEST_IN_FIGURE = 16  # numbers along a side of a pixel map in the figure of all words, where a view is small


def search(caption: Caption) -> str:
    """How the impression was searched for."""
    return "greedy search" if caption.decoding == "greedy" else f"beam search, width {caption.beam_width}"


def shown_views(study: Study, caption: Caption) -> list[Any]:
    """The views in the order of the maps."""
    shown = list(study.views)
    if study.lateral is None and caption.views[1]:
        # This checkpoint was given the frontal view twice; its second map lies over the frontal again.
        shown.append(replace(study.frontal, name="frontal, again"))
    return shown


def picture(pixels: np.ndarray, quality: int = 92) -> tuple[str, int, int]:
    """Grey uint8 `(rows, columns)` as a JPEG of at most LONGEST pixels on each side: `(data URL, width, height)`."""
    factor = min(LONGEST / max(pixels.shape), 1)
    if factor < 1:
        size = max(round(pixels.shape[1] * factor), 1), max(round(pixels.shape[0] * factor), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    url = "data:image/jpeg;base64," + base64.b64encode(file.tobytes()).decode("ascii")
    return url, pixels.shape[1], pixels.shape[0]


def notices(study: Study, caption: Caption) -> list[str]:
    """What the reader should know about the pictures, each sentence once."""
    return list(dict.fromkeys((*study.notices, *caption.notices)))


def view_figure(view: Any) -> dict[str, Any]:
    """One view: its "name", its picture's "url", "width" and "height", the letters at its "sides", its "convention"."""
    url, width, height = picture(view.pixels)
    lies = orientation(view.pixels, view.name)
    return {
        "name": view.name.capitalize(),
        "url": url,
        "width": width,
        "height": height,
        "sides": places.marks(view.name, lies) or (),
        "convention": places.convention(view.name, lies),
    }


def about_maps(explanation: Explanation, model: Captioner) -> dict[str, str]:
    """What one method's maps show: its "title", "meaning" and "paper", and how they are "drawn"."""
    source, method = SOURCES[explanation.method], method_called(explanation.method)
    rows, columns = explanation.maps.shape[2:]
    sentences = [
        "The map has two signs, and both are shown: orange places spoke for the word, blue places spoke against it. "
        "The figure of all words and the animation show only what spoke for it."
        if explanation.signed
        else "The map has no negative values: brighter is stronger."
    ]
    if explanation.grid:
        sentences.append(
            f"The network sees each view as {rows} × {columns} cells; the map has one number a cell, and what lies "
            "between their centres is drawn smoothly."
        )
        if tuple(explanation.extent) != tuple(heatmap.WHOLE):
            sentences.append(
                f"The cells lie over {explanation.extent.bottom:.0%} of the picture's height and "
                f"{explanation.extent.right:.0%} of its width, from the upper left; nothing is drawn beyond."
            )
    else:
        size = model.config["preparation"]["size"]
        sentences.append(
            f"The map has one number a pixel of the {size} × {size} that the network was shown; this file keeps "
            f"{rows} × {columns} numbers, each the mean of the pixels around it, and the figure of all words "
            f"{FINEST_IN_FIGURE} × {FINEST_IN_FIGURE}. Full colour stands for the {FULL}th percentile of a word's "
            "values, because a few of them stand far out."
        )
    return {"title": method.title, "meaning": source.meaning, "drawn": " ".join(sentences), "paper": source.paper}


def word_table(caption: Caption, data: dict[str, Any], views: Sequence[Any]) -> dict[str, Any]:
    """All words with their numbers, to read without the script, and on paper: "heads" and "rows".

    Args:
        caption: captioner.Caption.
        data: its `explain.report.data.payload` with evidence; the first method's shares are shown.
        views: names of the views.
    """
    maps = data["methods"][0]["words"] if data["methods"] else [None] * len(caption.words)
    tried = any(entry["evidence"] for entry in data["words"])
    heads = [
        "Word",
        "Probability",
        *(f"Map on the {view}" for view in views),
        *["Evidence"] * tried,
        "What else could have stood here",
    ]
    rows = []
    for word, entry, part in zip(caption.words, data["words"], maps):
        rest = [other for other in entry["alternatives"] if not other["chosen"]]
        others = ", ".join(f"{other['text']} {percent(exp(other['log_prob']))}" for other in rest)
        shares = [percent(share) for share in part["share"]] if part and part["share"] else ["–"] * len(views)
        found = [entry["evidence"]["short"] if entry["evidence"] else "–"] * tried
        cells = (percent(exp(word.log_prob)), *shares, *found)
        rows.append({"text": word.text, "cells": cells, "others": others})
    return {"heads": heads, "rows": rows}


def settings(model: Captioner, study: Study, caption: Caption, written: datetime) -> dict[str, str]:
    """How the impression was made: name -> value."""
    best, size = caption.hypotheses[0], model.config["preparation"]["size"]
    return {
        "Checkpoint": model.name,
        "Kind of network": str(model.config.get("model", "not said")),
        "The network sees": f"each view squashed to {size} × {size} pixels",
        "Search": search(caption),
        "Length penalty": f"{caption.length_penalty:g}" if caption.decoding == "beam" else "not used by greedy search",
        "Log probability": decimal(best.log_prob),
        "How it ended": "with the end token" if best.end_log_prob is not None else "cut off at the length limit",
        "Pictures": "; ".join(
            f"{view.name}, {view.pixels.shape[1]} × {view.pixels.shape[0]} pixels" for view in study.views
        ),
        "Report written": f"{written.day} {written:%B %Y, %H:%M}",
    }


def checkpoint_card(model: Captioner) -> Markup | None:
    """The card in the checkpoint's folder as HTML; None where it has none."""
    text = read_card(model.folder) if model.folder is not None else ""
    return trusted(card.html(text)) if text.strip() else None
