"""The parts of the report as HTML; every text from outside passes through `escape`."""

import base64
from dataclasses import replace
from html import escape
from math import exp
from pathlib import Path

import cv2

from captioner import checkpoint as checkpoints
from explain import card, heatmap
from explain.method import method as method_called
from explain.report_data import FULL, signed
from explain.sources import SOURCES

LONGEST = 1024  # pixels of a picture's longer side, in the file
FINEST_IN_FIGURE = 16  # numbers along a side of a pixel map in the figure of all words, where a view is small


def percent(share):
    """A share 0..1 in whole per cent."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def search(caption):
    """How the impression was searched for."""
    return "greedy search" if caption.decoding == "greedy" else f"beam search, width {caption.beam_width}"


def shown_views(study, caption):
    """The views in the order of the maps."""
    shown = list(study.views)
    if study.lateral is None and caption.views[1]:
        # This checkpoint was given the frontal view twice; its second map lies over the frontal again.
        shown.append(replace(study.frontal, name="frontal, again"))
    return shown


def picture(pixels, quality=92):
    """Grey uint8 `(rows, columns)` as a JPEG of at most LONGEST pixels a side: `(data URL, width, height)`."""
    factor = min(LONGEST / max(pixels.shape), 1)
    if factor < 1:
        size = max(round(pixels.shape[1] * factor), 1), max(round(pixels.shape[0] * factor), 1)
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    url = "data:image/jpeg;base64," + base64.b64encode(file.tobytes()).decode("ascii")
    return url, pixels.shape[1], pixels.shape[0]


def word_button(number, word):
    """One word of the impression, tinted by its probability."""
    certainty, reached = min(exp(word.log_prob), 1), 0 if number == 0 else -1
    return (
        f'<button type="button" class="word" role="option" aria-selected="false" tabindex="{reached}" '
        f'style="--certainty:{certainty:.4f}">{escape(word.text)}</button>'
    )


def notices(study, caption):
    """What the reader should know about the pictures."""
    sentences = dict.fromkeys((*study.notices, *caption.notices))
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def view_figure(view, index):
    """One view with a canvas over it for the map."""
    url, width, height = picture(view.pixels)
    name = escape(view.name.capitalize())
    return (
        f'<figure class="view" data-view="{index}" style="--shape:{width / height:.4f}">'
        f'<figcaption><span>{name}</span><b class="share"></b></figcaption>'
        f'<div class="picture"><img src="{url}" width="{width}" height="{height}" alt="{name} chest X-ray">'
        f'<canvas role="img" aria-label="{name}"></canvas></div></figure>'
    )


def about_maps(explanation, model):
    """What one method's maps show, how they are drawn, and the paper."""
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
    return (
        f"<article><h3>{escape(method.title)}</h3><p>{escape(source.meaning)}</p>"
        f'<p>{" ".join(sentences)}</p><p class="quiet">{escape(source.paper)}.</p></article>'
    )


def word_table(caption, data, views):
    """All words with their numbers: to read without the script, and on paper.

    Args:
        caption: captioner.Caption.
        data: its `explain.report_data.payload` with evidence; the first method's shares are shown.
        views: names of the views.
    """
    if not caption.words:
        return "<p>There is no word.</p>"
    maps = data["methods"][0]["words"] if data["methods"] else [None] * len(caption.words)
    tried = any(entry["evidence"] for entry in data["words"])
    heads = ["Word", "Probability", *(f"Map on the {view}" for view in views), *["Evidence"] * tried,
             "What else could have stood here"]  # fmt: skip
    rows = []
    for word, entry, part in zip(caption.words, data["words"], maps):
        rest = [other for other in entry["alternatives"] if not other["chosen"]]
        others = ", ".join(f"{other['text']} {percent(exp(other['log_prob']))}" for other in rest)
        shares = [percent(share) for share in part["share"]] if part and part["share"] else ["–"] * len(views)
        found = [entry["evidence"]["short"] if entry["evidence"] else "–"] * tried
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (percent(exp(word.log_prob)), *shares, *found))
        rows.append(f'<tr><th scope="row">{escape(word.text)}</th>{cells}<td class="others">{escape(others)}</td></tr>')
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    table = f'<table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="wide" tabindex="0">{table}</div>'


def hypotheses(caption):
    """The ranked sequences of a beam; nothing for greedy search."""
    if len(caption.hypotheses) < 2:
        return ""
    items = "".join(
        f'<li>{escape(other.text) or "<i>no word</i>"} <span class="quiet">log probability {signed(other.log_prob)}, '
        f"score {signed(other.score)}</span></li>"
        for other in caption.hypotheses
    )
    return (
        '<section><h2>What the beam held at the end</h2><p class="quiet">Best first. The score is the log probability '
        f"divided by the length to the power of {caption.length_penalty:g}.</p><ol>{items}</ol></section>"
    )


def settings(model, study, caption, written):
    """How the impression was made, as a list of names and values."""
    best, size = caption.hypotheses[0], model.config["preparation"]["size"]
    rows = {
        "Checkpoint": model.name,
        "Kind of network": model.config.get("model", "not said"),
        "The network sees": f"each view squashed to {size} × {size} pixels",
        "Search": search(caption),
        "Length penalty": f"{caption.length_penalty:g}" if caption.decoding == "beam" else "not used by greedy search",
        "Log probability": signed(best.log_prob),
        "How it ended": "with the end token" if best.end_log_prob is not None else "cut off at the length limit",
        "Pictures": "; ".join(
            f"{view.name}, {view.pixels.shape[1]} × {view.pixels.shape[0]} pixels" for view in study.views
        ),
        "Report written": f"{written.day} {written:%B %Y, %H:%M}",
    }
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in rows.items())
    return f"<dl>{items}</dl>"


def checkpoint_card(model):
    """The card in the checkpoint's folder."""
    text = ""
    if model.folder is not None:
        path = Path(model.folder) / checkpoints.CARD
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
    return card.html(text) if text.strip() else "<p>This checkpoint has no card.</p>"
