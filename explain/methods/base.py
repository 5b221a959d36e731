"""What every method of explanation shares, and the list of them that the command line, the page and the tests offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from explain.heatmap import WHOLE, Extent
from explain.methods.question import Findings, Question, ask

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.preprocessing import Prepared
    from captioner.images.study import Study

METHODS = {
    "attention": ("explain.methods.attention", "Attention"),
    "grad-cam": ("explain.methods.grad_cam", "GradCAM"),
    "feature-occlusion": ("explain.methods.feature_occlusion", "FeatureOcclusion"),
    "occlusion": ("explain.methods.occlusion", "Occlusion"),
    "integrated-gradients": ("explain.methods.integrated_gradients", "IntegratedGradients"),
    "smooth-grad": ("explain.methods.smooth_grad", "SmoothGrad"),
}
"""Name -> module and class; the quickest first."""


def method(name: str, **settings: Any) -> Method:
    """The method called `name`, ready to explain.

    Args:
        name: a key of METHODS.
        settings: of that method, see its class.

    Raises:
        ValueError: an unknown name.
    """
    if name not in METHODS:
        raise ValueError(f"the methods are {', '.join(METHODS)}, not {name!r}")
    module, cls = METHODS[name]
    return getattr(import_module(module), cls)(**settings)


class Stopped(Exception):
    """Raised by `Method.explain` after its `progress` callback asked to stop."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Maps for some words of one sequence, or for some findings.

    Attributes:
        method: name in METHODS.
        maps: float32 `(words or findings, views, rows, columns)`, for grid maps the cells of the network's grid, else
            the pixels of the square that the network was shown. View 0 is the frontal, 1 the lateral; a missing view is
            all zeros.
        positions: place of each word in the sequence, counted from 0; of a finding its number in FINDINGS.
        token_ids: the token of each word; none for findings.
        alternatives: for each word the token that it was compared with, or None.
        grid: whether the maps are of the network's grid.
        signed: whether a map has negative values: places that spoke against the word.
        extent: the part of the pictures that the maps lie over.
        details: what else the method found out; each value is a number or an array with one entry per word.
        findings: the names of the findings that the maps are of; none for words.
    """

    method: str
    maps: np.ndarray
    positions: tuple[int, ...]
    token_ids: tuple[int, ...]
    alternatives: tuple[int | None, ...]
    grid: bool
    signed: bool
    extent: Extent
    details: dict[str, Any] = field(default_factory=dict)
    findings: tuple[str, ...] = ()

    def of_word(self, position: int) -> Explanation:
        """The part that is about the word at one place; ValueError when that word is not explained."""
        row = self.positions.index(position)
        return replace(
            self,
            maps=self.maps[row : row + 1],
            positions=(position,),
            token_ids=self.token_ids[row : row + 1],
            alternatives=self.alternatives[row : row + 1],
            details={name: np.asarray(value)[row : row + 1] for name, value in self.details.items()},
        )


class Method:
    """Base of all methods; a new one sets the attributes and writes `_maps`.

    The number that is explained is a word's log probability, or a finding's log odds; see `explain.methods.question`.

    Attributes:
        name: in METHODS.
        title: for people.
        grid, signed: see Explanation.
        contrastive: whether it can compare a word with an alternative.
        slow: whether one word may take more than a second, so that progress and a way to stop are wanted.
    """

    name = title = ""
    grid = signed = slow = False
    contrastive = True

    def explain(
        self,
        model: Captioner,
        study: Study | Prepared,
        tokens: npt.ArrayLike | Caption | Findings,
        positions: Sequence[int] | None = None,
        alternatives: Mapping[int, int] | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Explanation:
        """Explain words of a sequence, whichever search or person wrote it, or what the finding head says.

        Args:
            model: captioner.captioner.Captioner.
            study: captioner.Study, or `(pictures, mask)` as `captioner.images.preprocessing.prepare` gives them.
            tokens: ids in order, or a Hypothesis or Caption, whose words are then meant; or
                explain.methods.question.Findings.
            positions: which places of it to explain; None for all but the end token.
            alternatives: dict from a place to the id of the token to compare with, for some or all positions.
            progress: called as `progress(done, of)` between pieces of the work; when it returns True the work stops.

        Returns:
            Explanation.

        Raises:
            ValueError: a place or a token that does not exist, or a comparison by a method that cannot.
            BadInput: findings of a checkpoint without a finding head.
            Stopped: `progress` returned True.
        """
        question = ask(model, study, tokens, positions, alternatives)
        if alternatives and not self.contrastive:
            raise ValueError(f"{self.name} cannot compare a word with an alternative")

        def report(done: int, of: int) -> None:
            if progress is not None and progress(done, of):
                raise Stopped

        maps, details = self._maps(model, question, report)
        maps = np.array(maps, np.float32)
        maps[:, ~question.mask] = 0
        asked = question.asked
        findings = asked.names if isinstance(asked, Findings) else ()
        token_ids = () if isinstance(asked, Findings) else asked.tokens[asked.positions]
        return Explanation(
            self.name,
            maps,
            tuple(int(position) for position in asked.positions),
            tuple(int(token) for token in token_ids),
            tuple(int(token) if token >= 0 else None for token in asked.alternatives),
            self.grid,
            self.signed,
            Extent(0.0, 0.0, *map(float, model.coverage)) if self.grid else WHOLE,
            details,
            findings,
        )

    def _maps(
        self, model: Captioner, question: Question, report: Callable[[int, int], None]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Compute the maps.

        Args:
            model: Captioner.
            question: Question; it asks for at least one number.
            report: `report(done, of)`, to be called between pieces of the work; it may raise Stopped.

        Returns:
            `(maps (W, 2, rows, columns), details)`.
        """
        raise NotImplementedError
