"""One study, its impression and the reasons for each word, as one HTML file that opens offline.

Everything is inside the file: pictures, numbers of the maps, the script that draws them (report.html, report.css,
report.js). The file asks no other place for anything, and its content policy forbids it to.
"""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from html import escape
from math import exp, isfinite
from pathlib import Path
from string import Template

import cv2
import numpy as np

from captioner import checkpoint as checkpoints
from captioner.errors import BadInput
from explain import animation, card, figure, heatmap
from explain.method import METHODS, method as method_called
from explain.sources import SOURCES

_HERE = Path(__file__).parent
LONGEST = 1024  # pixels of a picture's longer side, in the file
FINEST = 64  # numbers along a side of a map, in the file: pixel maps are averaged down to it
_TOKENS = {".": "full stop", "<end>": "end of impression"}


def write_report(frontal, lateral, method, out, checkpoint=None, decoding="greedy", beam_width=3, progress=None):
    """Caption a study, explain every word, and write the report: `out`, and a PNG and a GIF beside it.

    Args:
        frontal, lateral: paths of the pictures; the lateral may be None.
        method: name in explain.method.METHODS.
        out: path of the HTML file; its folder is made where it does not exist.
        checkpoint: folder of the checkpoint; None for weights/default.
        decoding, beam_width: as in Captioner.caption.
        progress: as in explain.method.Method.explain.

    Returns:
        the paths written: HTML, PNG with all words, GIF that walks through them.

    Raises:
        BadInput: a picture or a checkpoint that cannot be used, a method that is unknown or not for this checkpoint,
            or an `out` that is not named as an HTML file.
        Stopped: `progress` returned True; nothing is written.
    """
    import captioner

    out = Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"The report is an HTML file: {out} must end in .html.")
    if method not in METHODS:
        raise BadInput(f"There is no method {method!r}: the methods are {', '.join(METHODS)}.")
    study = captioner.read_study(frontal, lateral)
    model = captioner.load(checkpoint)
    if method == "attention" and not model.has_attention:
        raise BadInput(f"The checkpoint {model.name} has no attention to show: choose another method.")
    caption = model.caption(study, decoding=decoding, beam_width=beam_width)
    explanations = ()
    if caption.words:
        explanations = (method_called(method).explain(model, study, caption, progress=progress),)
    page = report_html(model, study, caption, explanations)
    pictures = still_and_moving(model, study, caption, explanations[0] if explanations else None)
    out.parent.mkdir(parents=True, exist_ok=True)
    written = out, out.with_suffix(".png"), out.with_suffix(".gif")
    for path, content in zip(written, (page.encode("utf-8"), *pictures)):
        path.write_bytes(content)
    return written


def report_html(model, study, caption, explanations, written=None):
    """The report as the text of one HTML file.

    Args:
        model: captioner.captioner.Captioner, or anything with its name, config, folder and has_attention.
        study: captioner.Study.
        caption: captioner.Caption of that study by that model.
        explanations: Explanations of words of `caption.hypotheses[0]`; with more than one the reader can switch.
        written: datetime of the report; now when None.

    Returns:
        str.
    """
    explanations = [coarse(explanation) for explanation in explanations]
    shown = _shown(study, caption)
    data = payload(caption, explanations, [view.name for view in shown])
    style, script = (_HERE / "report.css").read_text(encoding="utf-8"), (_HERE / "report.js").read_text(encoding="utf-8")
    written = written or datetime.now()
    return Template((_HERE / "report.html").read_text(encoding="utf-8")).substitute(
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        style=style,
        script=script,
        data=_json(data),
        warning=escape(animation.WARNING),
        run=escape(f"{model.name} · {_search(caption)} · log probability {_signed(caption.log_prob)}"),
        words="".join(_button(number, word) for number, word in enumerate(caption.words))
        or "<p>The model ended the impression before its first word.</p>",
        notices=_notices(study, caption),
        views="".join(_figure(view, index) for index, view in enumerate(shown)) + _absent(shown),
        maps="".join(_about_maps(explanation, model) for explanation in explanations)
        or "<p>There is no word, so there is no map.</p>",
        table=_table(caption, data, shown),
        hypotheses=_hypotheses(caption),
        settings=_settings(model, study, caption, written),
        card=_card(model),
        date=f"{written.day} {written:%B %Y}",
    )


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
             "chosen": bool(other.token_id == word.token_id)} for other in word.alternatives]}
        for word in caption.words
    ]  # fmt: skip
    methods = []
    for explanation in explanations:
        rows, columns = explanation.maps.shape[2:]
        maps = [None] * len(words)
        for number, position in enumerate(explanation.positions):
            values = np.nan_to_num(np.asarray(explanation.maps[number], np.float32))
            share = shares(values)
            maps[position] = {
                "values": base64.b64encode(values[: len(views)].astype("<f4").tobytes()).decode("ascii"),
                "top": float(np.abs(values).max(initial=0)),
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


def shares(values):
    """Each view's part of all that is positive in a map: `(views,)`, sums to 1; None where nothing is."""
    positive = np.maximum(values, 0).sum(axis=(1, 2), dtype=np.float64)
    return positive / positive.sum() if positive.sum() > 0 else None


def still_and_moving(model, study, caption, explanation=None):
    """`(PNG, GIF)` as bytes: all words in one figure, and a walk through them. Signed maps show what spoke for a word.

    Args:
        model, study, caption: as in `report_html`.
        explanation: Explanation of all words of the caption; None for the bare pictures.
    """
    words, maps, extent, about = caption.words, None, heatmap.WHOLE, "no map"
    if explanation is not None and len(explanation.positions) == len(words):
        explanation = coarse(explanation)
        positive = np.maximum(np.nan_to_num(explanation.maps), 0)
        total = positive.sum(axis=(1, 2, 3), keepdims=True)
        # As attention is: each word sums to 1 over both views, so the figure's shares are those of the page.
        maps = np.divide(positive, total, out=np.zeros_like(positive), where=total > 0)
        extent, about = explanation.extent, method_called(explanation.method).title
        if explanation.signed:
            about += " (only what spoke for the word)"
    words = tuple(replace(word, attention=None if maps is None else maps[number]) for number, word in enumerate(words))
    title = f"{about}, {model.name}, {_search(caption)}"
    drawn = figure.all_words(study, words, extent, title=f"{title}, log probability {caption.log_prob:.2f}")
    return figure.png(drawn), animation.gif(animation.frames(study, words, maps, extent, title))


# ---- parts of the page; every text from outside passes through escape ----------------------------------------------


def _json(data):
    """JSON that can stand inside a script element, whatever its texts say."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _number(value):
    """A log probability for JSON, which has no infinity."""
    return round(float(value), 5) if isfinite(value) else -1e9


def _signed(value, digits=2):
    return f"{value:.{digits}f}".replace("-", "\u2212")


def _percent(share):
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _search(caption):
    return "greedy search" if caption.decoding == "greedy" else f"beam search, width {caption.beam_width}"


def _shown(study, caption):
    """The views in the order of the maps."""
    shown = list(study.views)
    if study.lateral is None and caption.views[1]:
        # This checkpoint was given the frontal view twice; its second map lies over the frontal again.
        shown.append(replace(study.frontal, name="frontal, again"))
    return shown


def _data_url(pixels):
    """Grey uint8 `(rows, columns)` as the data URL of a JPEG of at most LONGEST pixels a side; `(url, width, height)`."""
    factor = min(LONGEST / max(pixels.shape), 1)
    if factor < 1:
        size = max(round(pixels.shape[1] * factor), 1), max(round(pixels.shape[0] * factor), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return "data:image/jpeg;base64," + base64.b64encode(file.tobytes()).decode("ascii"), pixels.shape[1], pixels.shape[0]


def _button(number, word):
    return (f'<button type="button" class="word" role="option" aria-selected="false" tabindex="{0 if not number else -1}" '
            f'style="--certainty:{min(exp(word.log_prob), 1):.4f}">{escape(word.text)}</button>')  # fmt: skip


def _notices(study, caption):
    sentences = dict.fromkeys((*study.notices, *caption.notices))
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _figure(view, index):
    url, width, height = _data_url(view.pixels)
    name = escape(view.name.capitalize())
    return (f'<figure class="view" data-view="{index}" style="--shape:{width / height:.4f}"><figcaption><span>{name}</span>'
            f'<b class="share"></b></figcaption><div class="picture"><img src="{url}" width="{width}" height="{height}" '
            f'alt="{name} chest X-ray"><canvas role="img" aria-label="{name}"></canvas></div></figure>')  # fmt: skip


def _absent(shown):
    if len(shown) == 2:
        return ""
    return '<p class="absent">There is no lateral view. The model was told so, and looked at the frontal alone.</p>'


def _about_maps(explanation, model):
    source = SOURCES[explanation.method]
    rows, columns = explanation.maps.shape[2:]
    signs = (
        "The map has two signs, and both are shown: orange places spoke for the word, blue places spoke against it. "
        "The figure of all words and the animation show only what spoke for it."
        if explanation.signed else "The map has no negative values: brighter is stronger."
    )  # fmt: skip
    if explanation.grid:
        fineness = (f"The network sees each view as {rows} × {columns} cells; the map has one number a cell, and what is "
                    "between their centres is drawn smoothly.")  # fmt: skip
        if tuple(explanation.extent) != tuple(heatmap.WHOLE):
            fineness += (f" The cells lie over {explanation.extent.bottom:.0%} of the picture's height and "
                         f"{explanation.extent.right:.0%} of its width, from the upper left; nothing is drawn beyond.")  # fmt: skip
    else:
        size = model.config["preparation"]["size"]
        fineness = (f"The map has one number a pixel of the {size} × {size} that the network was shown; this file keeps "
                    f"{rows} × {columns} of them, each the mean of the pixels around it.")  # fmt: skip
    return (f"<article><h3>{escape(method_called(explanation.method).title)}</h3><p>{escape(source.meaning)}</p><p>{signs} "
            f'{fineness}</p><p class="quiet">{escape(source.paper)}.</p></article>')  # fmt: skip


def _facts(explanation, number):
    """Sentences about one word that the method itself found out."""
    details = explanation.details
    facts = []
    if "gap" in details:
        gap, rise = float(details["gap"][number]), float(details["target"][number] - details["baseline"][number])
        facts.append(f"The pictures add {_signed(rise)} to the log probability over blurred ones; the map misses "
                     f"{_signed(abs(gap), 3)} of it.")  # fmt: skip
    if explanation.alternatives[number] is not None:
        facts.append("This map compares the word with another one that could have stood here.")
    return facts


def _table(caption, data, shown):
    """All words with their numbers: to read without the script, and on paper."""
    if not caption.words:
        return "<p>There is no word.</p>"
    parts = data["methods"][0]["words"] if data["methods"] else [None] * len(caption.words)
    heads = ["Word", "Probability", *(f"Map on the {view.name}" for view in shown), "What else could have stood here"]
    rows = ""
    for word, entry, part in zip(caption.words, data["words"], parts):
        share = part and part["share"]
        others = ", ".join(f"{other['text']} {_percent(exp(other['log_prob']))}"
                           for other in entry["alternatives"] if not other["chosen"])  # fmt: skip
        cells = [_percent(exp(word.log_prob)), *(_percent(value) for value in share or ())]
        cells += ["–"] * (1 + len(shown) - len(cells))
        rows += (f'<tr><th scope="row">{escape(word.text)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
                 + f'<td class="others">{escape(others)}</td></tr>')  # fmt: skip
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _hypotheses(caption):
    if len(caption.hypotheses) < 2:
        return ""
    items = "".join(f"<li>{escape(other.text) or '<i>nothing</i>'} <span class=\"quiet\">log probability "
                    f"{_signed(other.log_prob)}, score {_signed(other.score)}</span></li>" for other in caption.hypotheses)  # fmt: skip
    return ("<section><h2>What the beam held at the end</h2><p class=\"quiet\">Best first. The score is the log probability "
            f"divided by the length to the power of {caption.length_penalty:g}.</p><ol>{items}</ol></section>")  # fmt: skip


def _settings(model, study, caption, written):
    best = caption.hypotheses[0]
    preparation = model.config["preparation"]
    rows = {
        "Checkpoint": model.name,
        "Kind of network": model.config.get("model", "not said"),
        "The network sees": f"each view squashed to {preparation['size']} × {preparation['size']} pixels",
        "Search": _search(caption),
        "Length penalty": f"{caption.length_penalty:g}" if caption.decoding == "beam" else "not used by greedy search",
        "Log probability": _signed(best.log_prob),
        "How it ended": "with the end token" if best.end_log_prob is not None else "cut off at the length limit",
        "Pictures": "; ".join(f"{view.name}, {view.pixels.shape[1]} × {view.pixels.shape[0]} pixels" for view in study.views),
        "Report written": f"{written.day} {written:%B %Y, %H:%M}",
    }  # fmt: skip
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in rows.items()) + "</dl>"


def _card(model):
    path = model.folder and Path(model.folder) / checkpoints.CARD
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    except OSError:
        text = ""
    return card.html(text) if text.strip() else "<p>This checkpoint has no card.</p>"
