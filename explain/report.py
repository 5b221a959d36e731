"""One study, its impression and the reasons for each word, as one HTML file that opens offline.

Everything is inside the file: pictures, numbers of the maps, the script that draws them (report.html, report.css,
report.js). The file asks no other place for anything, and its content policy forbids it to.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from captioner.errors import BadInput
from explain import animation, figure, heatmap, report_evidence, report_parts
from explain.method import METHODS, method as method_called
from explain.report_data import as_json, coarse, payload, signed, strength

_HERE = Path(__file__).parent
_ABSENT = "There is no lateral view. The model was told so, and looked at the frontal alone."


def write_report(frontal, lateral, method, out, checkpoint=None, decoding="greedy", beam_width=3, progress=None):
    """Caption a study, explain every word, and write the report: `out`, and a PNG and a GIF beside it.

    Args:
        frontal, lateral: paths of the pictures; the lateral may be None.
        method: name in explain.method.METHODS.
        out: path of the HTML file; its folder is made where it does not exist.
        checkpoint: folder of the checkpoint; None for weights/default.
        decoding, beam_width: as in Captioner.caption.
        progress: as in explain.method.Method.explain; counts anew for the map and for the evidence.

    Returns:
        the paths written: HTML, PNG with all words, GIF that walks through them.

    Raises:
        BadInput: a picture or a checkpoint that cannot be used, a method that is unknown or not for this checkpoint,
            or an `out` that is not named as an HTML file, or whose PNG or GIF would replace one of the pictures.
        Stopped: `progress` returned True; nothing is written.
    """
    import captioner

    out = Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"The report is an HTML file: {out} must end in .html.")
    written = out, out.with_suffix(".png"), out.with_suffix(".gif")
    for given in (frontal, lateral):
        if given and Path(given).resolve() in [path.resolve() for path in written]:
            raise BadInput(f"The report would replace the picture {Path(given).name}: give it another name.")
    if method not in METHODS:
        raise BadInput(f"There is no method {method!r}: the methods are {', '.join(METHODS)}.")
    study = captioner.read_study(frontal, lateral or None)
    model = captioner.load(checkpoint)
    if method == "attention" and not model.has_attention:
        raise BadInput(f"The checkpoint {model.name} has no attention to show: choose another method.")
    caption = model.caption(study, decoding=decoding, beam_width=beam_width)
    explanations, evidence = (), None
    if caption.words:
        explanations = (method_called(method).explain(model, study, caption, progress=progress),)
        evidence = report_evidence.measure(model, study, caption, explanations[0], progress)
    page = report_html(model, study, caption, explanations, evidence)
    pictures = still_and_moving(model, study, caption, explanations[0] if explanations else None)
    out.parent.mkdir(parents=True, exist_ok=True)
    for path, content in zip(written, (page.encode("utf-8"), *pictures)):
        _replace(path, content)
    return written


def _replace(path, content):
    """Write a file as a whole or not at all: whoever is killed in between leaves what was there before."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def report_html(model, study, caption, explanations, evidence=None, written=None):
    """The report as the text of one HTML file.

    Args:
        model: captioner.captioner.Captioner, or anything with its name, config, folder and has_attention.
        study: captioner.Study.
        caption: captioner.Caption of that study by that model.
        explanations: Explanations of words of `caption.hypotheses[0]`; with more than one the reader can switch.
        evidence: what `explain.report_evidence.measure` found for the first of them; None leaves it out.
        written: datetime of the report; now when None.

    Returns:
        str.
    """
    explanations, evidence = [coarse(explanation) for explanation in explanations], evidence or {}
    views = report_parts.shown_views(study, caption)
    names = [view.name for view in views]
    data = payload(caption, explanations, names)
    for place, word in enumerate(caption.words):
        data["words"][place]["evidence"] = report_evidence.entry(word.text, evidence[place]) if place in evidence else None
    page, style, script = ((_HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    written = written or datetime.now()
    search = report_parts.search(caption)
    return Template(page).substitute(
        script_hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        style=style,
        script=script,
        data=as_json(data),
        warning=escape(animation.WARNING),
        run=escape(f"{model.name} · {search} · log probability {signed(caption.log_prob)}"),
        words="".join(report_parts.word_button(number, word) for number, word in enumerate(caption.words))
        or "<p>The model ended the impression before its first word.</p>",
        notices=report_parts.notices(study, caption),
        views="".join(report_parts.view_figure(view, index) for index, view in enumerate(views))
        + ("" if len(views) == 2 else f'<p class="absent">{_ABSENT}</p>'),
        maps="".join(report_parts.about_maps(explanation, model) for explanation in explanations)
        or "<p>There are no maps.</p>",
        evidence=report_evidence.about(explanations[0], evidence) if evidence and explanations else "",
        table=report_parts.word_table(caption, data, names),
        hypotheses=report_parts.hypotheses(caption),
        settings=report_parts.settings(model, study, caption, written),
        card=report_parts.checkpoint_card(model),
        date=f"{written.day} {written:%B %Y}",
    )


def still_and_moving(model, study, caption, explanation=None):
    """`(PNG, GIF)` as bytes: all words in one figure, and a walk through them. Signed maps show what spoke for a word.

    Args:
        model, study, caption: as in `report_html`.
        explanation: Explanation of all words of the caption; None for the bare pictures.
    """
    words, maps, moving, extent, about = caption.words, None, None, heatmap.WHOLE, "no map"
    if explanation is not None and explanation.positions == tuple(range(len(words))):
        explanation = coarse(explanation)
        positive = replace(explanation, maps=np.maximum(np.nan_to_num(explanation.maps), 0))
        # As attention is: each word sums to 1 over both views, so the figure's shares are those of the page.
        maps = positive.maps if explanation.grid else coarse(positive, report_parts.FINEST_IN_FIGURE).maps
        total = maps.sum(axis=(1, 2, 3), keepdims=True)
        maps = np.divide(maps, total, out=np.zeros_like(maps), where=total > 0)
        tops = [strength(values, explanation.grid) for values in positive.maps]
        moving = np.minimum(positive.maps, np.reshape(tops, (-1, 1, 1, 1)))
        extent, about = explanation.extent, method_called(explanation.method).title
        if explanation.signed:
            about += " (only what spoke for the word)"
    words = tuple(replace(word, attention=None if maps is None else maps[number]) for number, word in enumerate(words))
    title = f"{about}, {model.name}, {report_parts.search(caption)}"
    drawn = figure.all_words(study, words, extent, title=f"{title}, log probability {caption.log_prob:.2f}")
    return figure.png(drawn), animation.gif(animation.frames(study, words, moving, extent, title))
