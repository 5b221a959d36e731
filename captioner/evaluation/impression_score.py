"""One predicted impression against the radiologist's: scores of its words, and the findings of both texts."""

from typing import Any

from captioner.errors import BadInput
from captioner.evaluation import text_metrics
from captioner.reports.claims import claims, compare_claims
from captioner.reports.pasted_text import read_pasted
from captioner.sentence import Sentence

LONGEST = 2000  # characters: several times what an impression needs
KINDS = ("agreed", "missed", "made_up", "side_wrong", "side_missing", "contradictory")  # what may become of a finding


def score(reference: str, prediction: str) -> dict[str, Any]:
    """One prediction against one reference; findings, sides and denials are judged by `captioner.reports.claims`.

    Args:
        reference: the radiologist's impression, as written or pasted.
        prediction: the predicted one.

    Returns:
        dict: `reference` and `prediction`, cleaned to the words that are compared; `bleu` and `seed_bleu`, four floats
        0..1 each; `rouge_l` 0..1; `findings`, by the names of KINDS lists of findings; `mentions`, `{"reference",
        "prediction"}` lists of `{"finding", "side", "denied", "start", "end"}`, places of words.

    Raises:
        BadInput: a text is too long, or the reference has no word in it.
    """
    if max(len(reference), len(prediction)) > LONGEST:
        raise BadInput(Sentence("An impression may have {longest} characters at the most.", longest=LONGEST))
    said = {"reference": claims(reference), "prediction": claims(prediction)}
    compared = compare_claims(said["reference"], said["prediction"])
    reference, prediction = read_pasted(reference), read_pasted(prediction)
    if not any(word != "." for word in reference.split()):
        raise BadInput(Sentence("Type or paste the radiologist's impression first."))
    return {
        "reference": reference,
        "prediction": prediction,
        "bleu": list(text_metrics.bleu([reference], [prediction])),
        "seed_bleu": list(text_metrics.seed_bleu(reference, prediction)),
        "rouge_l": text_metrics.rouge_l(reference, prediction),
        "findings": {kind: list(getattr(compared, kind)) for kind in KINDS},
        "mentions": {
            text: [
                {name: getattr(claim, name) for name in ("finding", "side", "denied", "start", "end")}
                for claim in found
                if not claim.denied or claim.finding in compared.contradictory
            ]
            for text, found in said.items()
        },
    }
