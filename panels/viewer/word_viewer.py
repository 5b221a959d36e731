"""The word viewer: an impression as words, and for each word where the model looked on both views.

One answer from the server carries all it needs; choosing a word, colours, scaling and playing happen in the browser
(viewer.html, viewer.css and the modules beside).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import View
from captioner.images.orientation import orientation
from captioner.numbers import SHOWN_DECIMALS, plain_map
from captioner.sentence import Sentence
from explain import heatmap, places, truth
from panels.server import modules
from panels.shell import glossary, template
from panels.viewer.pictures import data_url, shrink

if TYPE_CHECKING:
    from captioner.caption import Caption, Word
    from captioner.images.study import Study
    from explain.heatmap import Extent
    from explain.truth import Truth

EMPTY = {"state": "empty"}


def refusal(sentence: str) -> dict[str, Any]:
    """The answer that says in one sentence why there is no impression."""
    return {"state": "refused", "message": sentence}


def _number(value: float) -> float:
    """A log probability for JSON, which has no infinity."""
    return round(float(value), 5) if isfinite(value) else -1e9


def _word(word: Word, extent: Extent, names: Sequence[str], lie: Sequence[str]) -> dict[str, Any]:
    attention, share = word.attention, word.view_share
    return {
        "text": word.text,
        "token_id": int(word.token_id),
        "log_prob": _number(word.log_prob),
        "alternatives": [
            {
                "text": other.text,
                "token_id": int(other.token_id),
                "log_prob": _number(other.log_prob),
                "chosen": bool(other.token_id == word.token_id),
            }
            for other in word.alternatives
        ],
        "maps": None if attention is None else plain_map(attention, SHOWN_DECIMALS),  # view by view, row by row
        "share": None if share is None else [float(part) for part in share],
        "said": None if attention is None or share is None else places.sentences(attention, share, names, lie, extent),
    }


def payload(
    study: Study,
    caption: Caption,
    extent: Extent,
    checkpoint: str,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    example: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    known: Truth | None = None,
) -> dict[str, Any]:
    """All that the viewer shows, as JSON.

    Args:
        study: captioner.Study.
        caption: captioner.Caption of that study.
        extent: explain.heatmap.Extent, the part of the pictures that the checkpoint's grid covers.
        checkpoint: its name.
        sizes: view name -> (rows, columns) of the pictures as they came, when `study` holds smaller ones.
        example: the entry of captioner.phantom.read_cases that the study is; None for a visitor's own, which no link
            leads to.
        settings: dict of what the answer was asked with, for a link (panels/shell/deep_link.py).
        known: explain.truth.Truth about the study and this caption; None for nothing.
    """
    best = caption.hypotheses[0]
    shown = list(study.views)
    if study.lateral is None and caption.views[1]:
        # This checkpoint was given the frontal view twice; its second map lies over the frontal again.
        shown.append(View("frontal, again", study.frontal.pixels))
    views, lie = [], []
    for index, view in enumerate(shown):
        small = shrink(view)
        rows, columns = small.pixels.shape
        lies = orientation(view.pixels, view.name)
        lie.append(lies)
        came = (sizes or {}).get(view.name.split(",")[0], view.pixels.shape)
        views.append(
            {
                "name": view.name,
                "index": index,  # its place in the maps
                "width": columns,
                "height": rows,
                "original": Sentence("{width} × {height} pixels", width=came[1], height=came[0]),
                "url": data_url(small.pixels),
                "sides": places.marks(view.name, lies),
                "convention": places.convention(view.name, lies),
            }
        )
    search = (
        Sentence("greedy search")
        if caption.decoding == "greedy"
        else Sentence("beam search, width {width}", width=caption.beam_width)
    )
    return {
        "state": "caption",
        "checkpoint": checkpoint,
        "search": search,
        "text": caption.text,
        "log_prob": _number(best.log_prob),
        "cut_off": best.end_log_prob is None,
        "views": views,
        "missing": [] if len(shown) == 2 else ["lateral"],
        "extent": list(extent),
        "words": [_word(word, extent, [view["name"] for view in views], lie) for word in best.words],
        "notices": list(dict.fromkeys((*study.notices, *caption.notices))),
        "truth": {
            "origin": known.origin if known and example else "",
            "verdict": known.verdict if known else "",
            "right": known.right if known else None,
            "planted": truth.planted(example, Path(example["frontal"]).parent) if example else [],
        },
        "example": example["name"] if example else None,
        "settings": settings or {},
    }


def colour_tables() -> dict[str, str]:
    """The colour maps for the browser: name -> 768 bytes in base64, the tables that explain.heatmap paints with."""
    return {name: base64.b64encode(heatmap.colour_table(name).tobytes()).decode("ascii") for name in heatmap.COLOURS}


def build(elem_id: str, module: str, wishes: Sequence[str], constants: dict[str, Any] | None = None) -> gr.HTML:
    """The component. Its value is an answer of `payload` or `refusal`.

    Args:
        elem_id: its id on the page.
        module: the module that makes a viewer of it (viewer.js) and adds what its panel has besides.
        wishes: what that module triggers.
        constants: dict from a name to what the module knows by that name, as JSON.
    """
    # In the script and not among the props: those are lost when an empty update meets a component behind another tab.
    known = {"COLOURS": colour_tables(), "GLOSSARY": glossary.glossary(), **(constants or {})}
    return gr.HTML(
        value=EMPTY,
        html_template=template.render("viewer/viewer.html"),
        js_on_load=modules.start(module, wishes, **known),
        apply_default_css=False,
        elem_id=elem_id,
    )
