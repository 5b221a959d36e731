"""Gradio's Blocks as this page needs them: every fault is told as one sentence, and everybody in his own language.

What Gradio builds once for all visitors (labels, HTML, scripts) is built once in each language, and of the further
ones the texts are kept: components, their numbers and what listens to them are those of the first for everybody.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import blocks

from captioner import BadInput
from captioner.language import ENGLISH, language, later, speaking, text
from captioner.sentence import worded
from panels.server import visitor_language
from panels.server.jobs import FAILED
from panels.shell.catalogues import LANGUAGES

UNUSABLE = later("The values that were sent cannot be used: a setting is missing, of another kind, or out of range.")


class ClosedBlocks(gr.Blocks):
    """Blocks whose endpoints answer anything that is sent to them with an answer or a sentence."""

    _own: Any = None  # the configuration of the page as it was built first
    _texts: dict[str, Any]  # language -> the configuration of the page as it was built in that language
    _worded: dict[str, Any]  # language -> `_own` with these texts

    def __exit__(self, *raised: Any) -> None:
        with _not_served_yet():
            super().__exit__(*raised)

    def queue(self, *values: Any, **named: Any) -> ClosedBlocks:
        """As Gradio's."""
        with _not_served_yet():
            super().queue(*values, **named)
        return self

    @property
    def config(self) -> Any:
        """What Gradio tells the browser of the page, in the language that is spoken."""
        code = language()
        if code not in self.__dict__.get("_texts", {}):
            return self._own
        if code not in self._worded:
            self._worded[code] = _with_texts(self._own, self._texts[code])
        return self._worded[code]

    @config.setter
    def config(self, told: Any) -> None:
        self._own, self._worded = told, {}

    def also_in(self, code: str, page: ClosedBlocks) -> None:
        """Show visitors of a language the texts of another page, which differs from this one in nothing else.

        Args:
            code: of the language.
            page: what was built in that language.

        Raises:
            ValueError: it differs in more than its texts.
        """
        _with_texts(self._own, page._own)
        self._texts = {**self.__dict__.get("_texts", {}), code: page._own}
        self._worded = {}

    async def process_api(
        self, block_fn: Any, inputs: Any, state: Any = None, request: Any = None, *values: Any, **named: Any
    ) -> Any:
        """As Gradio's, in the language of who asks (the queue works in no request's context).

        What is no part of the page itself, the endpoints, speaks English.
        """
        asked = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        code = visitor_language.of_request(request) if asked.api_visibility == "private" else ENGLISH
        with speaking(code):
            return await super().process_api(block_fn, inputs, state, request, *values, **named)

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *values: Any, **named: Any) -> Any:
        """As Gradio's, which raises whatever a component meets in values of another kind than its own.

        Settings that a program leaves out at the end have their defaults, so that an endpoint can be given another one
        without turning away who does not know it yet.
        """
        try:
            return await super().preprocess_data(block_fn, _completed(block_fn, inputs), *values, **named)
        except gr.Error as error:
            raise _quiet(error) from None
        except Exception:
            raise gr.Error(text(UNUSABLE), print_exception=False) from None

    async def call_function(self, *values: Any, **named: Any) -> Any:
        """As Gradio's, in the visitor's language; a fault of the program goes to the log, and not to him."""
        try:
            answer = await super().call_function(*values, **named)
            return {**answer, "prediction": worded(answer["prediction"])}
        except gr.Error as error:
            raise _quiet(error) from None
        except BadInput as error:
            raise gr.Error(escape(worded(str(error)), quote=False), print_exception=False) from None
        except (StopAsyncIteration, StopIteration, GeneratorExit):
            raise
        except Exception:
            traceback.print_exc()
            raise gr.Error(text(FAILED), print_exception=False) from None


@contextmanager
def _not_served_yet() -> Iterator[None]:
    """Have Gradio make no web application meanwhile.

    It makes one whenever a page is laid out or given a queue, with all its eighty routes, and throws it away for the
    one that `launch` makes: two thirds of the time that building the page took.
    """
    own = blocks.App
    blocks.App = SimpleNamespace(create_app=lambda *_, **__: None)  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        blocks.App = own  # type: ignore[misc]


def in_every_language(build: Callable[[], ClosedBlocks]) -> ClosedBlocks:
    """The page that `build` lays out, for visitors of all LANGUAGES.

    Args:
        build: makes it anew, with its texts in the language that is spoken.
    """
    page = build()
    for code in LANGUAGES[1:]:
        with speaking(code):
            page.also_in(code, build())
    return page


def _with_texts(own: Any, other: Any) -> Any:
    """A configuration with the texts of another one's components, one after the other."""
    pairs = list(zip(own["components"], other["components"], strict=True))
    components = [{**one, "props": _merged(one["props"], two["props"], one["type"])} for one, two in pairs]
    return {**own, "title": other["title"], "components": components}


def _merged(one: Any, two: Any, where: str) -> Any:
    """`one` with the strings of `two`; ValueError where they are of different shapes."""
    if isinstance(one, dict) and isinstance(two, dict) and one.keys() == two.keys():
        return {key: _merged(value, two[key], f"{where}.{key}") for key, value in one.items()}
    if isinstance(one, (list, tuple)) and type(one) is type(two) and len(one) == len(two):
        return type(one)(_merged(value, two[at], where) for at, value in enumerate(one))
    if isinstance(one, str) and isinstance(two, str):
        return two
    if one != two:
        raise ValueError(f"The page differs from one language to another in more than texts: {where}")
    return one


def _completed(block_fn: Any, inputs: list[Any]) -> list[Any]:
    """The values of a named endpoint, with the defaults of those that are missing at their end."""
    missing = len(block_fn.inputs) - len(inputs)
    if not isinstance(block_fn.api_name, str) or missing <= 0:
        return inputs
    taken = list(inspect.signature(block_fn.fn).parameters.values())[len(inputs) : len(block_fn.inputs)]
    if any(each.default is each.empty for each in taken):
        return inputs
    return [*inputs, *(each.default for each in taken)]


def _quiet(error: gr.Error) -> gr.Error:
    error.print_exception = False
    return error
