"""Gradio's Blocks, with every fault told as one sentence: the visitor's to him, the program's own in the log, too."""

import traceback
from html import escape
from typing import Any

import gradio as gr

from captioner import BadInput
from panels.server.jobs import FAILED

UNUSABLE = "The values that were sent cannot be used: a setting is missing, of another kind, or out of range."


class ClosedBlocks(gr.Blocks):
    """Blocks whose endpoints answer anything that is sent to them with an answer or a sentence."""

    async def preprocess_data(self, *values: Any, **named: Any) -> Any:
        """As Gradio's, which raises whatever a component meets in values of another kind than its own."""
        try:
            return await super().preprocess_data(*values, **named)
        except gr.Error as error:
            raise _quiet(error) from None
        except Exception:
            raise gr.Error(UNUSABLE, print_exception=False) from None

    async def call_function(self, *values: Any, **named: Any) -> Any:
        """As Gradio's; a fault of the program goes to the log, and not to the visitor."""
        try:
            return await super().call_function(*values, **named)
        except gr.Error as error:
            raise _quiet(error) from None
        except BadInput as error:
            raise gr.Error(escape(str(error), quote=False), print_exception=False) from None
        except (StopAsyncIteration, StopIteration, GeneratorExit):
            raise
        except Exception:
            traceback.print_exc()
            raise gr.Error(FAILED, print_exception=False) from None


def _quiet(error: gr.Error) -> gr.Error:
    error.print_exception = False
    return error
