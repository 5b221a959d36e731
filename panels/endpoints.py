"""The named endpoints that answer gradio_client."""

from functools import wraps
from html import escape

import gradio as gr

from captioner import BadInput, read_study
from explain.method import METHODS
from explain.method import method as method_called
from explain.report_data import coarse
from panels import compare as comparison
from panels import export, what_if_asked
from panels import method as methods
from panels import score as scoring
from panels import what_if as changing
from panels.explain import MODEL
from panels.progress import SLOW


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
    """Add the endpoints to the page.

    The inputs for pictures are the page's own upload components and not plain types: Gradio then refuses any path that
    was not uploaded to it, so no file of the server can be asked for.
    """

    @_refusing
    def caption(frontal, lateral=None, checkpoint=None, decoding="greedy", beam_width=3, length_penalty=0.7):
        """The predicted impression of a study, with each word's log probability and attention.

        Returns `{"study", "text", "log_prob", "words": [{"text", "token_id", "log_prob", "attention"}]}`; attention is
        view by view, row by row, and null for a model without attention.

        Args:
            frontal: file of the frontal view: PNG, JPEG or DICOM.
            lateral: file of the lateral view; may be left out.
            checkpoint: name of the checkpoint; the page's first when left out.
            decoding: "greedy" or "beam".
            beam_width: hypotheses that beam search keeps, 1 to 10.
            length_penalty: exponent of the length normalisation, 0 to 2.
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

        Args:
            frontal: file of the frontal view: PNG, JPEG or DICOM.
            lateral: file of the lateral view; may be left out.
            checkpoint: name of the checkpoint; the page's first when left out.
            beam_width: hypotheses that beam search keeps, 1 to 10.
            length_penalty: exponent of the length normalisation, 0 to 2.
        """
        model = shelf.get(checkpoint)
        features = model.encode(_study(frontal, lateral))
        return comparison.as_dict(comparison.search(model, features, beam_width, length_penalty), model.vocabulary)

    @_refusing
    def explain(
        frontal, lateral=None, checkpoint=None, decoding="greedy", beam_width=3, length_penalty=0.7, method="attention", word=""
    ):
        """Why the model wrote a word of the impression: the map of any method on both views.

        Returns `{"text", "log_prob", "checkpoint", "method", "title", "meaning", "signed", "grid", "extent", "words"}`. Each
        of the words holds `text`, `position` (from 0), `token_id`, `log_prob`, `map` (view by view, row by row; negative
        values speak against the word), and `details`, such as the completeness gap of integrated gradients.

        Args:
            frontal: file of the frontal view: PNG, JPEG or DICOM.
            lateral: file of the lateral view, may be left out.
            checkpoint: name of the checkpoint; the page's first when left out.
            decoding: "greedy" or "beam".
            beam_width: hypotheses that beam search keeps, 1 to 10.
            length_penalty: exponent of the length normalisation, 0 to 2.
            method: "attention", "grad-cam", "feature-occlusion", "occlusion", "integrated-gradients" or "smooth-grad".
            word: a word of the impression, or its position from 0; all words when left out.
        """
        model, study = shelf.get(checkpoint), _study(frontal, lateral)
        caption = model.caption(
            study, decoding=decoding, beam_width=int(beam_width), length_penalty=float(length_penalty)
        )
        made = method_called(methods.check(model, method))
        places = methods.places(caption, word)
        if not places:
            raise BadInput("The model ended the impression before its first word: there is nothing to explain.")
        return export.as_dict(model, caption, coarse(made.explain(model, study, caption, places)))

    @_refusing
    def score(reference: str, prediction: str) -> dict:
        """A predicted impression against the radiologist's: BLEU-1 to 4, ROUGE-L, and the findings of both.

        Returns `{"reference", "prediction"}`, the cleaned texts that are compared; `bleu`, `seed_bleu`, four numbers
        each; `rouge_l`; `findings`, `{"agreed", "missed", "made_up"}`; `mentions`, where each text states which finding.

        Args:
            reference: the radiologist's impression, as it was written.
            prediction: the predicted impression.
        """
        return scoring.score(reference, prediction)

    @_refusing
    def what_if(
        frontal, lateral=None, checkpoint=None, decoding="greedy", beam_width=3, length_penalty=0.7,
        changes=None, text="",
    ):
        """What the model would say of changed pictures, and how likely it finds a text: before and after the changes.

        `changes` is an object with any of `frontal`, `lateral` and `swap` (true or false). Each view takes any of
        `brightness` (grey levels added, -100 to 100), `contrast` (factor about middle grey, 0.25 to 4), `presence`
        ("shown", "blank", for the lateral also "absent") and `paint`, a list of rectangles
        `{"fill", "top", "left", "bottom", "right"}`: the fill "black", "grey", "white" or "blurred", the sides in shares
        0 to 1 of the picture from its upper left corner.

        Returns `{"before", "after"}`, both impressions; `changed`; `alignment` of their words; `texts`, for the
        impression before, the one after and the typed text each word's probability under the pictures as they were
        and as they are now (teacher forcing), and the text's log probability; `sentence`, what happened in plain words.

        Args:
            frontal: file of the frontal view: PNG, JPEG or DICOM.
            lateral: file of the lateral view; may be left out.
            checkpoint: name of the checkpoint; the page's first when left out.
            decoding: "greedy" or "beam".
            beam_width: hypotheses that beam search keeps, 1 to 10.
            length_penalty: exponent of the length normalisation, 0 to 2.
            changes: what to change, an object as described above; nothing when left out.
            text: another impression to weigh; may be empty.
        """
        asked, typed = what_if_asked.changes(changes), what_if_asked.text(text)
        model, read = shelf.get(checkpoint), _study(frontal, lateral)
        features = model.encode(read)
        caption = model.caption(
            features, decoding=decoding, beam_width=int(beam_width), length_penalty=float(length_penalty)
        )
        return changing.as_dict(changing.ask(model, read, features, caption, asked, typed))

    study, beam = [*side.uploads, side.checkpoint], [side.width, side.length_penalty]
    trigger, result = gr.Button(visible=False), gr.JSON(visible=False)
    trigger.click(caption, [*study, side.decoding, *beam], result, api_name="caption", **MODEL)
    trigger.click(compare, [*study, *beam], result, api_name="compare", **MODEL)
    asked = [gr.JSON(visible=False, label="Changes"), gr.Textbox("", visible=False, label="Text")]
    asked[0].api_info = lambda: {"type": "object", "additionalProperties": {}}  # its own is no schema that MCP accepts
    trigger.click(what_if, [*study, side.decoding, *beam, *asked], result, api_name="what_if", **MODEL)
    which = [gr.Dropdown(list(METHODS), value="attention", visible=False, label="Method"),
             gr.Textbox("", visible=False, label="Word")]  # fmt: skip
    trigger.click(explain, [*study, side.decoding, *beam, *which], result, api_name="explain", **SLOW)
    gr.api(score, api_name="score", concurrency_id="score", concurrency_limit=2)
