"""The named endpoints that answer gradio_client."""

from html import escape

import gradio as gr

from captioner import BadInput, read_study
from panels.explain import MODEL


def build(shelf, panel):
    """Add `/caption` to the page.

    The inputs are the page's own upload components and not plain types: Gradio then refuses any path that was not
    uploaded to it, so no file of the server can be asked for.
    """

    def caption(frontal, lateral=None, checkpoint=None, decoding="greedy", beam_width=3, length_penalty=0.7):
        """The predicted impression of a study, with each word's log probability and attention.

        Returns `{"study", "text", "log_prob", "words": [{"text", "token_id", "log_prob", "attention"}]}`; attention is
        view by view, row by row, and null for a model without attention.
        """
        try:
            if not frontal:
                raise BadInput("A frontal view is needed.")
            model = shelf.get(checkpoint)
            found = model.caption(
                read_study(frontal, lateral or None),
                decoding=decoding,
                beam_width=int(beam_width),
                length_penalty=float(length_penalty),
            )
        except BadInput as error:
            raise gr.Error(escape(str(error), quote=False), print_exception=False) from None
        return found.as_dict()

    trigger, result = gr.Button(visible=False), gr.JSON(visible=False)
    inputs = [*panel.uploads, panel.checkpoint, panel.decoding, panel.width, panel.length_penalty]
    trigger.click(caption, inputs, result, api_name="caption", **MODEL)
