"""The head of the page: what it is, that it is not for clinical use, and whether the model is there yet."""

import asyncio
from html import escape

import gradio as gr

# What stands behind a tab is built when the tab is opened: a link to a step of the lesson opens it (panels/lesson.js).
_OPEN_LESSON = """
function open(tries) {
  const tab = document.querySelector('#panels [role="tab"][data-tab-id="lesson"]');
  if (tab) tab.click();
  else if (tries) setTimeout(open, 50, tries - 1);
}
if (new URLSearchParams(location.search).has("lesson")) open(200);
"""

WARNING = "Not for clinical use. For research and teaching."


def render(state, sentence):
    """The masthead as HTML, with the model's state ("loading" | "ready" | "refused") and the sentence for it."""
    return f"""<header class="cxr-masthead"><h1>Chest X-ray impressions, word by word</h1>
<p class="cxr-warning">{WARNING}</p>
<p class="cxr-model" role="status" data-state="{escape(state)}">
<i aria-hidden="true"></i><span>{escape(sentence)}</span></p></header>"""


def build(shelf):
    """The component."""
    return gr.HTML(render(*shelf.state()), apply_default_css=False, elem_id="masthead", js_on_load=_OPEN_LESSON)


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
