"""The panel that says what this is: the card of the chosen checkpoint, and what holds for all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import gradio as gr

from captioner.checkpoint import read_card
from explain.report import card as markdown
from explain.report.template import trusted
from panels.shell import template

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar

_FIXED = """## What this page does

Two chest X-rays go in, a frontal and, where there is one, a lateral view. A neural network writes the impression that a
radiologist's report might end with, word by word. For every word the page shows how sure the network was, what else it
might have written, and where on both views its attention lay.

## What it cannot do

- It is **not for clinical use**. What it writes is often wrong, and reads well all the same.
- It knows two pictures: no earlier study, no patient, no question that was asked.
- It can say only what the reports that it learned from say, in their words.
- The attention of a word shows where the network read, not why it wrote the word. Some words come from the habit of
  language alone: their attention is spread thin, or lies where nothing is.
- The examples are drawn by a computer. Their findings are where they were planted, and nobody's chest is shown.

## What happens to an upload

It is read, shown to whoever sent it, and deleted within the hour. It is not kept, not used for training, not shown to
other visitors, and the server gives no uploaded file out again. It does reach the server: do not send pictures that
could identify a patient.

## Licence

The code is under the MIT licence. The weights have a licence of their own, which their card names."""


def card(pool: ModelPool, checkpoint: str | None = None) -> str:
    """The card of a checkpoint of the pool as Markdown, or a sentence that there is none."""
    name = checkpoint or next(iter(pool.names), None)
    if name not in pool.names:
        return "There is no checkpoint in weights/."
    text = read_card(pool.folders[name]).strip()
    # Its own words are kept: data, hours, scores beside the baselines, limits, licence.
    return text or (
        f"The checkpoint {name} came without a card: what it was trained on, and how well it does, is not known here."
    )


def folded(text: str) -> str:
    """A card as HTML whose sections fold: what stands before the first of them is shown.

    Args:
        text: Markdown of any origin; nothing of it is taken as HTML.
    """
    before, *sections = re.split(r"^## +", text, flags=re.MULTILINE)
    parts = []
    for section in sections:
        title, _, body = section.partition("\n")
        parts.append((title.strip(), trusted(markdown.html(body))))
    return template.render("about/card.html", before=trusted(markdown.html(before)), sections=parts)


def build(pool: ModelPool, side: Sidebar, tab: gr.Tab) -> None:
    """Lay out the panel; the card follows the checkpoint.

    Args:
        pool: panels.server.model_pool.ModelPool.
        side: panels.shell.sidebar.Sidebar.
        tab: the gr.Tab that this panel is in.
    """
    with gr.Row(elem_id="about"):
        gr.Markdown(_FIXED, elem_id="about-page")
        shown = gr.HTML(apply_default_css=False, js_on_load=None, elem_id="about-card")
    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    for asked in (tab.select, side.checkpoint.change):
        asked(lambda checkpoint: folded(card(pool, checkpoint)), side.checkpoint, shown, **quick)
