"""The word viewer: an impression as words, and for each word where the model looked on both views.

One answer from the server carries all it needs; choosing a word, colours, scaling and playing happen in the browser
(viewer.html, viewer.css, viewer_maps.js, viewer_lens.js, viewer.js).
"""

import base64
import json
from math import isfinite
from pathlib import Path

import gradio as gr

from captioner import View
from explain import heatmap
from panels.pictures import data_url, shrink

_HERE = Path(__file__).parent

_SCRIPTS = ("viewer_maps.js", "viewer_lens.js", "viewer.js")  # one scope, in this order

EMPTY = {"state": "empty"}


def refusal(sentence):
    """The answer that says in one sentence why there is no impression."""
    return {"state": "refused", "message": sentence}


def _number(value):
    """A log probability for JSON, which has no infinity."""
    return round(float(value), 5) if isfinite(value) else -1e9


def _word(word, extent):
    maps = None if word.attention is None else [grid.round(6).tolist() for grid in word.attention]
    return {
        "text": word.text,
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
        "maps": maps,  # view by view, row by row
        "share": None if maps is None else [float(share) for share in word.view_share],
        "place": None if maps is None else [heatmap.place(grid, extent) for grid in word.attention],
    }


def payload(study, caption, extent, checkpoint, sizes=None, example=None, settings=None):
    """All that the viewer shows, as JSON.

    Args:
        study: captioner.Study.
        caption: captioner.Caption of that study.
        extent: explain.heatmap.Extent, the part of the pictures that the checkpoint's grid covers.
        checkpoint: its name.
        sizes: view name -> (rows, columns) of the pictures as they came, when `study` holds smaller ones.
        example: the entry of panels.examples.read that the study is; None for a visitor's own, which no link leads to.
        settings: dict of what the answer was asked with, for a link (panels/link.py).
    """
    best = caption.hypotheses[0]
    shown = list(study.views)
    if study.lateral is None and caption.views[1]:
        # This checkpoint was given the frontal view twice; its second map lies over the frontal again.
        shown.append(View("frontal, again", study.frontal.pixels))
    views = []
    for index, view in enumerate(shown):
        small = shrink(view)
        rows, columns = small.pixels.shape
        came = (sizes or {}).get(view.name.split(",")[0], view.pixels.shape)
        views.append({
            "name": view.name,
            "index": index,  # its place in the maps
            "width": columns,
            "height": rows,
            "original": f"{came[1]} × {came[0]} pixels",
            "url": data_url(small.pixels),
        })  # fmt: skip
    search = "greedy search" if caption.decoding == "greedy" else f"beam search, width {caption.beam_width}"
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
        "words": [_word(word, extent) for word in best.words],
        "notices": list(dict.fromkeys((*study.notices, *caption.notices))),
        "reference": example["impression"] if example else "",
        "example": example["name"] if example else None,
        "settings": settings or {},
    }


def _colour_tables():
    """The colour maps for the browser: name -> 768 bytes in base64, the tables that explain.heatmap paints with."""
    return {name: base64.b64encode(heatmap.colour_table(name).tobytes()).decode("ascii") for name in heatmap.COLOURS}


def build(elem_id="viewer", more=(), constants=None):
    """The component. Its value is an answer of `payload` or `refusal`.

    Args:
        elem_id: its id on the page.
        more: names of scripts that go on in the scope of the viewer's own; what it triggers, they trigger.
        constants: dict from a name to what the scripts know by that name, as JSON.
    """
    # In the script and not among the props: those are lost when an empty update meets a component behind another tab.
    known = {"COLOUR_TABLES": _colour_tables(), **(constants or {})}
    tables = "\n".join(f"const {name} = {json.dumps(value)};" for name, value in known.items())
    scripts = [(_HERE / name).read_text(encoding="utf-8") for name in (*_SCRIPTS, *more)]
    return gr.HTML(
        value=EMPTY,
        html_template=(_HERE / "viewer.html").read_text(encoding="utf-8"),
        js_on_load="\n".join([tables, *scripts]),
        apply_default_css=False,
        elem_id=elem_id,
    )
