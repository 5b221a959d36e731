"""The named endpoints that answer gradio_client."""

from functools import wraps
from html import escape

import gradio as gr

from captioner import BadInput, read_study
from panels import compare as comparison
from panels import score as scoring
from panels.explain import MODEL


def _refusing(answer):
    """`answer`, with bad input told as one sentence."""

    @wraps(answer)
    def told(*values, **named):
        try:
            return answer(*values, **named)
        except BadInput as error:
            raise gr.Error(escape(str(error), quote=False), print_exception=False) from None

    return told


def _study(frontal, lateral):
    if not frontal:
        raise BadInput("A frontal view is needed.")
    return read_study(frontal, lateral or None)


def build(shelf, side):
    """Add `/caption`, `/compare` and `/score` to the page.

    The inputs for pictures are the page's own upload components and not plain types: Gradio then refuses any path that
    was not uploaded to it, so no file of the server can be asked for.
    """

    @_refusing
    def caption(frontal, lateral=None, checkpoint=None, decoding="greedy", beam_width=3, length_penalty=0.7):
        """The predicted impression of a study, with each word's log probability and attention.

        Returns `{"study", "text", "log_prob", "words": [{"text", "token_id", "log_prob", "attention"}]}`; attention is
        view by view, row by row, and null for a model without attention.
        """
        model = shelf.get(checkpoint)
        return model.caption(
            _study(frontal, lateral),
            decoding=decoding,
            beam_width=int(beam_width),
            length_penalty=float(length_penalty),
        ).as_dict()

    @_refusing
    def compare(frontal, lateral=None, checkpoint=None, beam_width=3, length_penalty=0.7):
        """Greedy and beam search of one study, aligned.

        Returns `{"greedy", "beam"}`, each as `/caption` gives it and with `log_prob_per_word`; `alignment`, columns
        `{"greedy": place or null, "beam": place or null, "same"}`; `hypotheses`, the beam's, ranked; `dropped`, those
        that the beam gave up, each with its log probability and the `bar` that no continuation of it reached.
        """
        model = shelf.get(checkpoint)
        features = model.encode(_study(frontal, lateral))
        return comparison.as_dict(comparison.search(model, features, beam_width, length_penalty), model.vocabulary)

    @_refusing
    def score(reference: str, prediction: str) -> dict:
        """A predicted impression against the radiologist's: BLEU-1 to 4, ROUGE-L, and the findings of both.

        Returns `{"reference", "prediction"}`, the cleaned texts that are compared; `bleu`, `seed_bleu`, four numbers
        each; `rouge_l`; `findings`, `{"agreed", "missed", "made_up"}`; `mentions`, where each text states which finding.
        """
        return scoring.score(reference, prediction)

    study, beam = [*side.uploads, side.checkpoint], [side.width, side.length_penalty]
    trigger, result = gr.Button(visible=False), gr.JSON(visible=False)
    trigger.click(caption, [*study, side.decoding, *beam], result, api_name="caption", **MODEL)
    trigger.click(compare, [*study, *beam], result, api_name="compare", **MODEL)
    gr.api(score, api_name="score", concurrency_id="score", concurrency_limit=2)
