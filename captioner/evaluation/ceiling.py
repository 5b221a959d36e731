"""What wording alone could reach: impressions of a decoder that is told what each reference states.

A network that found everything, and only what is there, would write these. What they lack of a perfect score is
wording: of the same finding one radiologist writes one sentence and another a second, and no picture tells which.
"""

from collections.abc import Sequence
from typing import Any

from captioner.evaluation.bootstrap import sampled_scores
from captioner.evaluation.markdown_tables import grid
from captioner.evaluation.tables import TITLES
from captioner.reports.claims import claims, side_of
from captioner.reports.findings import FINDINGS

SCORES = ("macro_f1", "balanced_accuracy", "cider_d", "rouge_l")


def stated_findings(reference: str) -> dict[str, bool | str]:
    """What a reference states, as `Captioner.caption(..., steer=...)` takes it: each finding True or False, or its side
    where the reference names one.

    >>> {name: wanted for name, wanted in stated_findings("left effusion . no edema .").items() if wanted}
    {'effusion': 'left'}
    """
    found = claims(reference)
    stated = {claim.finding for claim in found if not claim.denied}
    wanted: dict[str, bool | str] = {}
    for name in FINDINGS:
        side = side_of(found, name)
        wanted[name] = side if side in ("left", "right") else name in stated
    return wanted


def ceiling(references: Sequence[str], told: Sequence[str], plain: Sequence[str], constant: str) -> dict[str, Any]:
    """The scores of a decoder that was told what the references state. Pure.

    Args:
        references: cleaned captions, one per study.
        told, plain: the impressions of the same studies, told the truth and told what the finding head found.
        constant: the impression that knows nothing of the picture.

    Returns:
        dict from "told", "plain" and "constant" to a dict by each of SCORES.
    """
    texts = {"told": told, "plain": plain, "constant": [constant] * len(references)}
    scores = {name: sampled_scores(references, each).values for name, each in texts.items()}
    return {name: {score: float(values[score]) for score in SCORES} for name, values in scores.items()}


def table(result: dict[str, Any]) -> list[str]:
    """The result of `ceiling` as lines of Markdown."""
    names = {"told": "told what the reference states", "plain": "told what was found", "constant": "constant"}
    rows = [[title, *(f"{result[name][score]:.3f}" for score in SCORES)] for name, title in names.items()]
    return grid(["decoder", *(TITLES[score] for score in SCORES)], rows)
