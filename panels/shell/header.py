"""The head of the page: what it is, that it is not for clinical use, and whether the model is there yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import gradio as gr

from captioner.language import language
from panels.shell import template
from panels.shell.catalogues import NAMES

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool

# What is behind a tab is built when the tab is opened: a link to a step of the lesson or to a quiz opens it
# (panels/lesson/lesson.js, panels/quiz/quiz.js).
_OPEN_LINKED = """
function open(name, tries) {
  const tab = document.querySelector(`#panels [role="tab"][data-tab-id="${name}"]`);
  if (tab) tab.click();
  else if (tries) setTimeout(open, 50, name, tries - 1);
}
const linked = ["lesson", "quiz"].find((name) => new URLSearchParams(location.search).has(name));
if (linked) open(linked, 200);
"""


def render(state: str, sentence: str) -> str:
    """The header as HTML, with the model's state ("loading" | "ready" | "refused") and the sentence for it.

    It links to the page in its other languages; switch_language.js has the links keep the rest of the address.
    """
    others = [(code, name) for code, name in NAMES.items() if code != language()]
    return template.render("shell/header.html", state=state, sentence=sentence, others=others)


def build(pool: ModelPool) -> gr.HTML:
    """The component."""
    return gr.HTML(render(*pool.state()), apply_default_css=False, elem_id="header", js_on_load=_OPEN_LINKED)


def follow(pool: ModelPool) -> Callable[[str | None], AsyncIterator[str]]:
    """A function of a checkpoint's name: begins to load it, shows its state now, and again when that changes."""

    async def states(name: str | None) -> AsyncIterator[str]:
        pool.start(name)
        state, sentence = pool.state(name)
        yield render(state, sentence)
        while state == "loading":
            await asyncio.sleep(0.25)  # asleep on the event loop: a visitor who waits holds no thread
            state, sentence = pool.state(name)
        yield render(state, sentence)

    return states


def wire(page: gr.Blocks, pool: ModelPool, checkpoint: gr.Radio, head: gr.HTML) -> None:
    """Keep `head` to the state of the checkpoint that is chosen, from the page's start on."""
    gr.on(
        [page.load, checkpoint.change],
        follow(pool),
        checkpoint,
        head,
        trigger_mode="always_last",  # the last one chosen is named last
        show_progress="hidden",
        concurrency_limit=None,
        api_visibility="private",
    )
