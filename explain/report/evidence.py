"""The evidence in the report: for every word, whether the pictures and the marked area made it likelier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.numbers import percent
from captioner.sentence import Sentence
from explain.methods.base import method as method_called
from explain.methods.question import ask
from explain.metrics.area_occlusion import RANDOM, SHARE, SIGNIFICANT, AreaOcclusionTest
from explain.metrics.picture_share import picture_shares
from explain.metrics.word_evidence import NOT_RIGHT, short, verdict

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.preprocessing import Prepared
    from captioner.images.study import Study
    from explain.methods.base import Explanation
    from explain.metrics.area_occlusion import AreaOcclusion
    from explain.metrics.picture_share import PictureShare


def measure(
    model: Captioner,
    study: Study | Prepared,
    caption: Caption,
    explanation: Explanation,
    progress: Callable[[int, int], object] | None = None,
    random: int = RANDOM,
    areas: tuple[list[PictureShare], AreaOcclusionTest, list[int]] | None = None,
) -> dict[int, tuple[PictureShare, AreaOcclusion]]:
    """Put every explained word on trial.

    Args:
        model, study, caption: as in `explain.report.page.report_html`; the study also as the network takes it.
        explanation: Explanation of words of the caption, with its maps as they came.
        progress: as in `explain.methods.base.Method.explain`.
        random: areas to compare the marked one with.
        areas: result of `measure_areas` for the whole caption where it is known already.

    Returns:
        dict from a word's place to its `(PictureShare, AreaOcclusion)`.

    Raises:
        Stopped: `progress` returned True.
    """
    shares, area_test, places = areas or measure_areas(model, study, caption, explanation.positions, progress, random)
    return {
        position: (
            shares[places.index(position)],
            area_test.of(places.index(position), explanation.maps[number], explanation.extent),
        )
        for number, position in enumerate(explanation.positions)
    }


def measure_areas(
    model: Captioner,
    study: Study | Prepared,
    caption: Caption,
    positions: Sequence[int] | None = None,
    progress: Callable[[int, int], object] | None = None,
    random: int = RANDOM,
) -> tuple[list[PictureShare], AreaOcclusionTest, list[int]]:
    """What every map of a caption is held against: `(list of PictureShare, AreaOcclusionTest, places of the words)`.

    Args:
        positions: places of the words that are tried; all of them when None.
    """
    question = ask(model, study, caption, positions)
    shares = picture_shares(model, question)
    area_test = AreaOcclusionTest(model, question, random=random, progress=progress)
    return shares, area_test, [int(place) for place in question.asked.positions]


def entry(word: str, found: tuple[PictureShare, AreaOcclusion]) -> dict[str, Any]:
    """What the page shows of one word's evidence: a verdict, its short form, and probabilities with what was shown.

    Args:
        word: its text.
        found: `(PictureShare, AreaOcclusion)`.
    """
    pictures, area = found
    rows = [
        (Sentence("this study"), pictures.shown),
        (Sentence("the frontal alone"), pictures.frontal),
        (Sentence("the lateral alone"), pictures.lateral),
        (Sentence("black pictures"), pictures.blank),
        (Sentence("another patient's pictures"), pictures.other),
        (Sentence("the marked area hidden"), area.hidden),
        (Sentence("the middle of the pictures hidden"), area.middle),
        (Sentence("another area hidden"), float(np.median(area.random))),
    ]
    return {
        "verdict": verdict(word, pictures, area),
        "short": short(pictures, area),
        "guessed": bool(pictures.guessed),
        "grounded": bool(area.grounded and not pictures.guessed),
        "shown": [{"name": name, "probability": float(value)} for name, value in rows if value is not None],
    }


def about(explanation: Explanation, found: dict[int, tuple[PictureShare, AreaOcclusion]]) -> str:
    """How the evidence was measured."""
    random = max((len(area.random) for _, area in found.values()), default=0)
    tried = max((area.tried for _, area in found.values()), default=1)
    title = method_called(explanation.method).title
    corrected = f" after the correction for {tried} words" if tried > 1 else ""
    return (
        "A word's probability is measured again with other pictures: black ones, two "
        "other patients' (phantoms, the mean over them), either view alone. Where neither black nor other pictures "
        "move it by a quarter, the word was guessed from language. The marked area is the "
        f"{percent(SHARE)} of all pixels where the map ({title}) is strongest; it is blurred away, and so are {random} "
        "random areas of that size and the middle of the pictures. The word rests on the marked area when hiding it "
        "divides the probability by 1.25 or more, and so few random areas do as much that p is at most "
        f"{SIGNIFICANT:g}{corrected}. {NOT_RIGHT}"
    )
