"""How a checkpoint does on phantoms that it has not seen: is what was planted stated, and on the right side.

A phantom's findings are known for sure, and easier to see than a patient's: these numbers flatter, and stand beside
those of real studies, never for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from captioner import phantom
from captioner.evaluation.claim_metrics import nonsense, side_agreement
from captioner.images.study import Study, View
from captioner.reports.claims import compare_claims

if TYPE_CHECKING:
    from captioner.captioner import Captioner

FIRST_SEED = 200_000  # far from the seeds of training (100,000 on) and of the examples
SIZE = 256


def phantom_scores(model: Captioner, count: int, decodings: Any, first_seed: int = FIRST_SEED) -> dict[str, Any]:
    """Caption phantoms and judge the captions by what was planted.

    Args:
        model: Captioner.
        count: phantoms, of the seeds `first_seed` and on.
        decodings: name of a row -> arguments of `Captioner.caption`.

    Returns:
        dict for JSON: `count`, `first_seed`, and `rows`: name -> `planted` findings, how many of them are `stated`,
        how many more are `made_up`, `sides` (as `claim_metrics.side_agreement`) and `nonsense`.
    """
    references: list[str] = []
    texts: dict[str, list[str]] = {name: [] for name in decodings}
    ended: dict[str, list[bool]] = {name: [] for name in decodings}
    for seed in range(first_seed, first_seed + count):
        made = phantom.render(seed, SIZE)
        references.append(made.impression)
        features = model.encode(Study(View("frontal", made.frontal), View("lateral", made.lateral), ()))
        for name, settings in decodings.items():
            caption = model.caption(features, **settings)
            texts[name].append(caption.text)
            ended[name].append(caption.ended)
    return {
        "count": count,
        "first_seed": first_seed,
        "rows": {name: _row(references, texts[name], ended[name]) for name in decodings},
    }


def _row(references: Sequence[str], texts: Sequence[str], ended: Sequence[bool]) -> dict[str, Any]:
    compared = [compare_claims(reference, text) for reference, text in zip(references, texts)]
    stated = sum(len(each.agreed + each.side_wrong + each.side_missing) for each in compared)
    # A finding that the text both states and denies counts as not stated.
    missed = sum(len(each.missed + each.contradictory) for each in compared)
    return {
        "planted": stated + missed,
        "stated": stated,
        "made_up": sum(len(each.made_up) for each in compared),
        "sides": side_agreement(references, texts),
        "nonsense": nonsense(texts, ended).as_dict(),
    }
