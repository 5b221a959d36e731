"""The panel that says what this is: the card of the chosen checkpoint, and what holds for all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner.checkpoint import read_card
from captioner.language import text
from captioner.template import trusted
from explain.report import card as markdown
from panels.shell import template

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool
    from panels.shell.sidebar import Sidebar


def fixed() -> str:
    """What holds for every checkpoint, as Markdown."""
    return template.render("about/page.md")


def card(pool: ModelPool, checkpoint: str | None = None) -> str:
    """The card of a checkpoint of the pool as Markdown, or a sentence that there is none."""
    name = checkpoint or next(iter(pool.names), None)
    if name not in pool.names:
        return text("There is no checkpoint in weights/.")
    told = read_card(pool.folders[name]).strip()
    # Its own words are kept: data, hours, scores beside the baselines, limits, licence.
    return told or text(
        "The checkpoint {name} came without a card: what it was trained on, and how well it does, is not known here.",
        name=name,
    )


def folded(card: str) -> str:
    """A card as HTML whose sections fold: what stands before the first of them is shown.

    Args:
        card: Markdown of any origin; nothing of it is taken as HTML.
    """
    before, *sections = re.split(r"^## +", card, flags=re.MULTILINE)
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
        gr.Markdown(fixed(), elem_id="about-page")
        shown = gr.HTML(apply_default_css=False, js_on_load=None, elem_id="about-card")
    quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    for asked in (tab.select, side.checkpoint.change):
        asked(lambda checkpoint: folded(card(pool, checkpoint)), side.checkpoint, shown, **quick)
