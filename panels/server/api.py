"""The named endpoints that answer gradio_client."""

import inspect
from collections.abc import Callable
from functools import wraps
from html import escape
from math import isfinite
from typing import Any, ParamSpec, TypedDict, TypeVar

import gradio as gr

from captioner import BadInput, Caption, Study, counterfactual, read_study
from captioner.caption import Finding
from captioner.decoding import comparison
from captioner.evaluation import impression_score
from captioner.seen_and_written import on_trial
from captioner.serving.answer import answer, trial_dicts
from explain.methods.base import METHODS, Explanation, Stopped
from explain.methods.base import method as method_called
from explain.report.data import coarse
from panels.server import visitors
from panels.server.jobs import SLOW, finish
from panels.server.model_pool import ModelPool
from panels.shell.sidebar import Sidebar
from panels.viewer import export
from panels.viewer import method as methods
from panels.viewer.panel import MODEL
from panels.what_if import request as what_if_request

Taken = ParamSpec("Taken")
Given = TypeVar("Given")

ARGUMENTS = {
    "frontal": "file of the frontal view: PNG, JPEG or DICOM.",
    "lateral": "file of the lateral view; may be left out.",
    "checkpoint": "name of the checkpoint; the page's first when left out.",
    "decoding": '"greedy" or "beam".',
    "beam_width": "hypotheses that beam search keeps, 1 to 10.",
    "length_penalty": "exponent of the length normalisation, 0 to 2.",
    "mend": 'names of mendings to do to the pictures first, such as ["frontal: invert"]; `/caption` offers them.',
}
"""What several endpoints take. MCP clients read it in the docstring of each, see `documentation`."""


class Search(TypedDict):
    """The settings of a search, as `captioner.captioner.Captioner.caption` takes them."""

    decoding: str
    beam_width: int
    length_penalty: float


def documentation(answer: Callable[..., object]) -> str:
    """The docstring of an endpoint with all its arguments: those of ARGUMENTS, then those that it describes itself."""
    described = inspect.getdoc(answer)
    assert described is not None, "an endpoint says what it answers"
    description, _, own = described.partition("\nArgs:\n")
    taken = inspect.signature(answer).parameters
    named = {line.partition(":")[0].strip() for line in own.splitlines()}
    shared = "".join(
        f"    {name}: {meaning}\n" for name, meaning in ARGUMENTS.items() if name in taken and name not in named
    )
    return f"{description.rstrip()}\n\nArgs:\n{shared}{own}"


def _endpoint(answer: Callable[Taken, Given]) -> Callable[Taken, Given]:
    """`answer`, with bad input told as one sentence and all its arguments in the docstring."""

    @wraps(answer)
    def told(*values: Taken.args, **named: Taken.kwargs) -> Given:
        try:
            return answer(*values, **named)
        except BadInput as error:
            raise gr.Error(escape(str(error), quote=False), print_exception=False) from None
        except Stopped:
            raise gr.Error("Nobody waited for the answer, so it was given up.", print_exception=False) from None

    told.__doc__ = documentation(answer)
    return told


def _number(value: object, low: int, high: int, what: str, whole: bool = False) -> float:
    """A number of a visitor's, or the sentence that says what it may be."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) else None
    if number is None or not low <= number <= high or (whole and number != int(number)):
        raise BadInput(f"{what} must be a {'whole ' if whole else ''}number from {low} to {high}.")
    return float(number)


def _search(decoding: object, beam_width: object, length_penalty: object) -> Search:
    """The settings of a search, each checked."""
    if not isinstance(decoding, str) or decoding not in ("greedy", "beam"):
        raise BadInput("decoding must be greedy or beam.")
    return {
        "decoding": decoding,
        "beam_width": int(_number(beam_width, 1, 10, "beam_width", whole=True)),
        "length_penalty": _number(length_penalty, 0, 2, "length_penalty"),
    }


def _text(value: object, what: str) -> str:
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{what} must be a text.")
    return value or ""


def _study(frontal: str | None, lateral: str | None, mend: object = None) -> Study:
    if not frontal:
        raise BadInput("A frontal view is needed.")
    if mend is not None and not isinstance(mend, list):
        raise BadInput('mend must be a list of names, such as ["frontal: invert"].')
    return read_study(frontal, lateral or None, mend=mend or ())


def build(pool: ModelPool, side: Sidebar) -> None:
    """Add the endpoints to the page.

    The inputs for pictures are the page's own upload components and not plain types: Gradio then refuses any path that
    was not uploaded to it, so no file of the server can be asked for.
    """

    @_endpoint
    def caption(
        frontal: str | None,
        lateral: str | None = None,
        checkpoint: str | None = None,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float = 0.7,
        mend: list[str] | None = None,
    ) -> dict[str, Any]:
        """The predicted impression of a study, with each word's log probability and attention.

        Returns `{"study", "text", "log_prob", "words": [{"text", "token_id", "log_prob", "attention"}], "notices",
        "findings", "claims", "mendings"}`; attention is view by view, row by row, and null for a model without one;
        `notices` are sentences about the pictures: a missing, doubled or swapped view, a blank picture, a photograph.
        `mendings` are what would put right what they tell: `{"name", "offer"}`, the name as `mend` takes it.
        `findings` are null for a model without a finding head, or `{"name", "probability", "threshold", "stated",
        "side", "side_probabilities", "zone", "base_rate", "evidence", "map", "agreement", "sentence"}` of each finding;
        `claims` what the impression claims: `{"finding", "side", "denied", "start", "end", "right", "cases"}`.
        """
        search = _search(decoding, beam_width, length_penalty)
        return answer(pool.get(checkpoint), _study(frontal, lateral, mend), **search)[2]

    @_endpoint
    def go_on(
        frontal: str | None,
        lateral: str | None = None,
        checkpoint: str | None = None,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float = 0.7,
        beginning: str = "",
        mend: list[str] | None = None,
    ) -> dict[str, Any]:
        """The impression that begins with given words: the model writes on from them.

        Returns what `/caption` does, and `given`, how many words at the start were given. The log probabilities of
        those, too, are the model's own.

        Args:
            beginning: the words, all of which the checkpoint must know.
        """
        search, model = _search(decoding, beam_width, length_penalty), pool.get(checkpoint)
        prefix = model.tokens_of(_text(beginning, "beginning"))
        caption, _, found = answer(model, _study(frontal, lateral, mend), prefix=prefix, **search)
        return {**found, "given": caption.given}

    @_endpoint
    def compare(
        frontal: str | None,
        lateral: str | None = None,
        checkpoint: str | None = None,
        beam_width: int = 3,
        length_penalty: float = 0.7,
        mend: list[str] | None = None,
    ) -> dict[str, Any]:
        """Greedy and beam search of one study, aligned.

        Returns `{"greedy", "beam"}`, each as `/caption` gives it and with `log_prob_per_word`; `alignment`, columns
        `{"greedy": place or null, "beam": place or null, "same"}`; `hypotheses`, the beam's, ranked; `dropped`, those
        that the beam gave up, each with its log probability and the `bar` that no continuation of it reached.
        """
        search = _search("beam", beam_width, length_penalty)
        model = pool.get(checkpoint)
        features = model.encode(_study(frontal, lateral, mend))
        found = comparison.compare_searches(model, features, search["beam_width"], search["length_penalty"])
        return comparison.as_dict(found, model.vocabulary)

    @_endpoint
    def explain(
        frontal: str | None,
        lateral: str | None = None,
        checkpoint: str | None = None,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float = 0.7,
        method: str = "attention",
        word: str = "",
        finding: str = "",
        mend: list[str] | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Why the model wrote a word of the impression, or sees a finding: the map of any method on both views.

        Returns `{"text", "log_prob", "checkpoint", "method", "title", "meaning", "signed", "grid", "extent", "words",
        "notices", "findings"}`. Each of the words holds `text`, `position` (from 0), `token_id`, `log_prob`, `map`
        (view by view, row by row; negative values speak against the word), `places` (a sentence on each view), and
        `details`, such as the completeness gap of integrated gradients. `findings` are those of `/caption`, null for a
        model without a finding head; of one that was asked for, `explained` holds `map`, `places` and `details` by the
        method, and `words` are empty.

        Args:
            method: "attention", "grad-cam", "feature-occlusion", "occlusion", "integrated-gradients" or "smooth-grad".
            word: a word of the impression, or its position from 0; all words when left out.
            finding: a finding by its name in `findings`, or "all": its log odds are explained in place of words.
        """
        search = _search(decoding, beam_width, length_penalty)
        model = pool.get(checkpoint)
        wanted = methods.wanted_findings(model, _text(finding, "finding"))
        if wanted is not None and _text(str(word or ""), "word").strip():
            raise BadInput("Ask for a word or for a finding, not for both.")
        made = method_called(methods.check(model, _text(method, "method"), findings=wanted is not None))
        study = _study(frontal, lateral, mend)
        visitor = getattr(request, "session_hash", None)

        def unwanted() -> bool:
            return visitor is not None and not visitors.wanted(visitor)

        def work(
            progress: Callable[[int, int], object],
        ) -> tuple[Caption, tuple[Finding, ...] | None, Explanation]:
            features = model.encode(study)
            caption = model.caption(features, **search)
            findings = model.findings(features) if model.has_findings else None
            if wanted is not None:
                assert features.prepared is not None  # `encode` keeps them
                return caption, findings, coarse(made.explain(model, features.prepared, wanted, progress=progress))
            places = methods.places(caption, word)
            if not places:
                raise BadInput("The model ended the impression before its first word: there is nothing to explain.")
            return caption, findings, coarse(made.explain(model, study, caption, places, progress=progress))

        caption, findings, found = finish(work, unwanted, SLOW)
        return export.as_dict(model, caption, found, study, findings=findings)

    @_endpoint
    def score(
        reference: str,
        prediction: str,
        frontal: str | None = None,
        lateral: str | None = None,
        checkpoint: str | None = None,
    ) -> dict[str, Any]:
        """A predicted impression against the radiologist's: BLEU-1 to 4, ROUGE-L, and the findings of both.

        Returns `{"reference", "prediction"}`, the cleaned texts that are compared; `bleu`, `seed_bleu`, four numbers
        each; `rouge_l`; `findings`, `{"agreed", "missed", "made_up", "side_wrong", "side_missing", "contradictory"}`;
        `mentions`, where each text states which finding, and on which side; and `trials`, null without pictures or for
        a model without a finding head, else for each text its claims on trial: `{"finding", "claim", "title", "words",
        "verdict", "probability", "threshold", "side", "map", "sentence"}`, the verdict "supported", "not supported",
        "unsure" or, of what the text does not state, "missing".

        Args:
            reference: the radiologist's impression, or any draft, as it was written.
            prediction: the predicted impression.
            frontal: file of the frontal view that both texts are about; may be left out.
            checkpoint: name of the checkpoint whose finding head judges; the page's first when left out.
        """
        texts = {"reference": _text(reference, "reference"), "prediction": _text(prediction, "prediction")}
        scored = {**impression_score.score(**texts), "trials": None}
        if not frontal and not lateral:
            return scored
        model, study = pool.get(checkpoint), _study(frontal, lateral)
        if model.has_findings:
            findings = model.findings(study)
            scored["trials"] = {
                name: trial_dicts(on_trial(findings, text)) if scored[name].strip(" .") else []
                for name, text in texts.items()
            }
        return scored

    @_endpoint
    def what_if(
        frontal: str | None,
        lateral: str | None = None,
        checkpoint: str | None = None,
        decoding: str = "greedy",
        beam_width: int = 3,
        length_penalty: float = 0.7,
        changes: dict[str, Any] | None = None,
        text: str = "",
        mend: list[str] | None = None,
    ) -> dict[str, Any]:
        """What the model would say of changed pictures, and how likely it finds a text: before and after the changes.

        `changes` is an object with any of `frontal`, `lateral` and `swap` (true or false). Each view takes any of
        `brightness` (grey levels added, -100 to 100), `contrast` (factor about middle grey, 0.25 to 4), `presence`
        ("shown", "blank", for the lateral also "absent"), `mirrored` (true or false) and `paint`, a list of rectangles
        `{"fill", "top", "left", "bottom", "right"}`: the fill "black", "grey", "white" or "blurred", the sides in
        shares 0 to 1 of the picture from its upper left corner.

        Returns `{"before", "after"}`, both impressions; `changed`; `alignment` of their words; `texts`, for the
        impression before, the one after and the typed text each word's probability under the pictures as they were
        and as they are now (teacher forcing), and the text's log probability; `sentence`, what happened in plain words.

        Args:
            changes: what to change, an object as described above; nothing when left out.
            text: another impression to weigh; may be empty.
        """
        asked, typed = what_if_request.changes(changes), what_if_request.impression(_text(text, "text"))
        search = _search(decoding, beam_width, length_penalty)
        model, read = pool.get(checkpoint), _study(frontal, lateral, mend)
        features = model.encode(read)
        caption = model.caption(features, **search)
        return counterfactual.as_dict(counterfactual.compare_with_changes(model, read, features, caption, asked, typed))

    study, beam = [*side.uploads, side.checkpoint], [side.width, side.length_penalty]
    trigger, result = gr.Button(visible=False), gr.JSON(visible=False)
    mend = gr.JSON(visible=False, label="Mend")
    mend.api_info = lambda: {"type": "array", "items": {"type": "string"}}
    trigger.click(caption, [*study, side.decoding, *beam, mend], result, api_name="caption", **MODEL)
    trigger.click(compare, [*study, *beam, mend], result, api_name="compare", **MODEL)
    beginning = gr.Textbox("", visible=False, label="Beginning")
    trigger.click(go_on, [*study, side.decoding, *beam, beginning, mend], result, api_name="go_on", **MODEL)
    asked = [gr.JSON(visible=False, label="Changes"), gr.Textbox("", visible=False, label="Text")]
    asked[0].api_info = lambda: {"type": "object", "additionalProperties": {}}  # its own is no schema that MCP accepts
    trigger.click(what_if, [*study, side.decoding, *beam, *asked, mend], result, api_name="what_if", **MODEL)
    which = [
        gr.Dropdown(list(METHODS), value="attention", visible=False, label="Method"),
        gr.Textbox("", visible=False, label="Word"),
        gr.Textbox("", visible=False, label="Finding"),
    ]
    trigger.click(explain, [*study, side.decoding, *beam, *which, mend], result, api_name="explain", **SLOW)
    texts = [gr.Textbox("", visible=False, label=label) for label in ("Reference", "Prediction")]
    trigger.click(score, [*texts, *study], result, api_name="score", **MODEL)
