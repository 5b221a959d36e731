"""A checkpoint's card as HTML: Markdown by markdown-it-py, with nothing in it that leads out of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_HEADINGS_ABOVE = 2  # the page has headings of its own over the card's


def html(text: str) -> str:
    """Render Markdown (CommonMark with tables); links and pictures become their words and address.

    Args:
        text: of any origin; nothing of it is taken as HTML.

    Returns:
        HTML without links, pictures, scripts or attributes of the text's choosing.
    """
    tokens = _MARKDOWN.parse(_body(text.replace("\r\n", "\n")))
    for token in tokens:
        token.attrs, token.info = {}, ""  # no alignment, start number or language of code
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + _HEADINGS_ABOVE, 6)}"
    return _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}).strip()


def _body(text: str) -> str:
    """The text after the header between two `---` that model cards may open with."""
    lines = text.split("\n")
    if lines[0].strip() == "---":
        for place, line in enumerate(lines[1:], 1):
            if line.strip() == "---":
                return "\n".join(lines[place + 1 :])
    return text


def _nothing(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    return ""


def _address(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    opened = next(token for token in reversed(tokens[:place]) if token.type == "link_open")  # links do not nest
    return f" ({escape(str(opened.attrs['href']))})"


def _picture(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    token = tokens[place]
    return f"{escape(token.content)} ({escape(str(token.attrs['src']))})"


def _wide(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    return '<div class="wide" tabindex="0"><table>\n'  # it scrolls, by the keyboard too


def _narrow(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
for _rule, _render in (
    ("link_open", _nothing),
    ("link_close", _address),
    ("image", _picture),
    ("table_open", _wide),
    ("table_close", _narrow),
):
    _MARKDOWN.add_render_rule(_rule, _render)
