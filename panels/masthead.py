"""The head of the page: what it is, that it is not for clinical use, and whether the model is there yet."""

import asyncio
from html import escape

import gradio as gr

WARNING = "Not for clinical use. For research and teaching."


def render(state, sentence):
    """The masthead as HTML, with the model's state ("loading" | "ready" | "refused") and the sentence for it."""
    return f"""<header class="cxr-masthead"><h1>Chest X-ray impressions, word by word</h1>
<p class="cxr-warning">{WARNING}</p>
<p class="cxr-model" role="status" data-state="{escape(state)}">
<i aria-hidden="true"></i><span>{escape(sentence)}</span></p></header>"""


def build(shelf):
    """The component."""
    return gr.HTML(render(*shelf.state()), apply_default_css=False, elem_id="masthead", js_on_load=None)


def follow(shelf):
    """A function for the page's load event: shows the state now, and again when it changes."""

    async def states():
        state, sentence = shelf.state()
        yield render(state, sentence)
        while state == "loading":
            await asyncio.sleep(0.25)  # asleep on the event loop: a visitor who waits holds no thread
            state, sentence = shelf.state()
        yield render(state, sentence)

    return states
