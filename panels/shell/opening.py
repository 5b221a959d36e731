"""The page opens with an example that is answered already, unless the visitor or the address has chosen something."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from captioner import BadInput
from explain.opening import opening
from panels.server import modules

if TYPE_CHECKING:
    from panels.server.model_pool import ModelPool


class Openings:
    """Which example each checkpoint opens with; worked out once.

    Args:
        pool: panels.server.model_pool.ModelPool.
        entries: the examples, as captioner.phantom.read_cases gives them.
    """

    def __init__(self, pool: ModelPool, entries: Sequence[dict[str, Any]]) -> None:
        self.pool, self.entries = pool, entries
        self._found: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def name(self) -> str | None:
        """The first checkpoint's example; None where none fits, or the checkpoint cannot be used."""
        with self._lock:
            if "first" not in self._found:
                try:
                    self._found["first"] = opening(self.pool.get(), self.entries)
                except BadInput:
                    return None  # the header says why
            return self._found["first"]


def build(page: gr.Blocks, pool: ModelPool, entries: Sequence[dict[str, Any]]) -> None:
    """Wire the opening to `page`, a gr.Blocks."""
    sink = gr.HTML(visible="hidden", html_template="", js_on_load=modules.start("shell/opening.js"), elem_id="opening")
    openings = Openings(pool, entries)

    async def open_with() -> dict[str, Any]:
        while pool.state()[0] == "loading":
            await asyncio.sleep(0.25)  # asleep on the event loop: a visitor who waits holds no thread
        return {"name": await asyncio.to_thread(openings.name)}

    page.load(open_with, None, sink, show_progress="hidden", concurrency_limit=None, api_visibility="private")
