"""How much a word owes to the pictures: its probability with black ones, another patient's, and either view alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from explain.methods.empty_picture import empty_pictures
from explain.methods.graphs import graphs_of
from explain.methods.question import ask, pictures_of

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.preprocessing import Prepared
    from captioner.images.study import Study
    from explain.methods.question import Question

MOVED = log(1.25)  # a word whose log probability moves by less was guessed from language
OTHERS = (900_001, 900_002)  # phantom seeds of other patients: one without, one with findings


@dataclass(frozen=True)
class PictureShare:
    """A word's probability, 0..1, by what the model is shown.

    Attributes:
        shown: the study itself.
        blank: black pictures in place of its views.
        other: other patients' pictures, the mean over them.
        frontal, lateral: that view alone; None where the study lacks a view or has no other.
    """

    shown: float
    blank: float
    other: float
    frontal: float | None
    lateral: float | None

    @property
    def moved(self) -> float:
        """What the pictures add to the log probability (natural), over the likelier of blank and other."""
        floor = 1e-12
        return log(max(self.shown, floor)) - log(max(self.blank, self.other, floor))

    @property
    def guessed(self) -> bool:
        """Whether the word comes from language: neither black pictures nor another patient's change it by a quarter."""
        shown, *without = (log(max(each, 1e-12)) for each in (self.shown, self.blank, self.other))
        return all(abs(shown - each) < MOVED for each in without)


def picture_share(
    model: Captioner,
    study: Study,
    tokens: npt.ArrayLike | Caption,
    position: int,
    others: Sequence[Study | Prepared] | None = None,
) -> PictureShare:
    """How much a word owes to the pictures.

    Args:
        model, study, tokens: as in `explain.methods.base.Method.explain`.
        position: the word's place.
        others: other patients' studies, in either form; two phantoms when None.

    Returns:
        PictureShare.
    """
    question = ask(model, study, tokens, [position])
    return picture_shares(model, question, others)[0]


def picture_shares(
    model: Captioner, question: Question, others: Sequence[Study | Prepared] | None = None
) -> list[PictureShare]:
    """As `picture_share`, for every word or finding of a Question: a list."""
    patients = other_patients(model.config["preparation"]["size"]) if others is None else others
    shown = [pictures_of(model, other)[0] for other in patients]
    black = empty_pictures(question.pictures, "black", model.config["preparation"])
    graphs = graphs_of(model)
    projected = graphs.projected(np.stack([question.pictures, black, *shown]))  # (2 + others, 2, R, C, depth)

    def probabilities(projected: Any, mask: np.ndarray) -> np.ndarray:
        """`(words, studies)`."""
        return question.asked.probabilities(graphs, projected, mask)

    whole = probabilities(projected, question.mask)  # (W, 2 + others)
    alone: list[np.ndarray | None] = [None, None]
    if question.mask.all():
        alone = [probabilities(projected[:1], np.arange(2) == view)[:, 0] for view in range(2)]  # 2 times (W,)
    return [
        PictureShare(
            float(row[0]),
            float(row[1]),
            float(row[2:].mean()),
            *(None if view is None else float(view[word]) for view in alone),
        )
        for word, row in enumerate(whole)
    ]


@lru_cache(maxsize=2)
def other_patients(size: int) -> tuple[Study, ...]:
    """Two other patients, phantoms at the model's own size: a tuple of Study, one normal and one not."""
    from captioner.images.study import Study, View
    from captioner.phantom import render

    size = max(size, 64)
    made = render(OTHERS[0], size, ()), render(OTHERS[1], size, ("effusion",))
    return tuple(Study(View("frontal", one.frontal), View("lateral", one.lateral), ()) for one in made)
