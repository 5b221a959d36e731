"""What every method of explanation shares, and the list of them that the command line, the page and the tests offer."""

from dataclasses import dataclass, field
from importlib import import_module

import numpy as np

from explain.heatmap import WHOLE, Extent

METHODS = {
    "attention": ("explain.attention", "Attention"),
    "grad-cam": ("explain.grad_cam", "GradCAM"),
    "feature-occlusion": ("explain.feature_occlusion", "FeatureOcclusion"),
    "occlusion": ("explain.occlusion", "Occlusion"),
    "integrated-gradients": ("explain.integrated_gradients", "IntegratedGradients"),
    "smooth-grad": ("explain.smooth_grad", "SmoothGrad"),
}
"""Name -> where it is; the quickest first."""


def method(name, **settings):
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
    """Maps for some words of one sequence.

    Attributes:
        method: name in METHODS.
        maps: float32 `(words, views, rows, columns)`, for grid maps the cells of the network's grid, else the pixels of
            the square that the network was shown. View 0 is the frontal, 1 the lateral; a missing view is all zeros.
        positions: place of each word in the sequence, counted from 0.
        token_ids: the token of each word.
        alternatives: for each word the token that it was compared with, or None.
        grid: whether the maps are of the network's grid.
        signed: whether a map has negative values: places that spoke against the word.
        extent: the part of the pictures that the maps lie over.
        details: what else the method found out; each value is a number or an array with one entry a word.
    """

    method: str
    maps: np.ndarray
    positions: tuple[int, ...]
    token_ids: tuple[int, ...]
    alternatives: tuple[int | None, ...]
    grid: bool
    signed: bool
    extent: Extent
    details: dict = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Question:
    """What a method is asked, checked and in arrays. W words, T tokens.

    Attributes:
        pictures: float32 `(2, size, size, channels)`, prepared as the network wants them.
        mask: bool `(2,)`, which views there are.
        tokens: int32 `(T,)`.
        positions: int32 `(W,)`.
        alternatives: int32 `(W,)`, -1 where a word is compared with nothing.
    """

    pictures: np.ndarray
    mask: np.ndarray
    tokens: np.ndarray
    positions: np.ndarray
    alternatives: np.ndarray


class Method:
    """Base of all methods; a new one sets the attributes and writes `_maps`.

    The number that is explained is the word's log probability given the pictures and the words before it; against an
    alternative, it is the difference of two: log p(word) - log p(alternative), which asks why this and not that.

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

    def explain(self, model, study, tokens, positions=None, alternatives=None, progress=None):
        """Explain words of a sequence, whichever search or person wrote it.

        Args:
            model: captioner.captioner.Captioner.
            study: captioner.Study, or `(pictures, mask)` as `captioner.preparation.prepare` gives them.
            tokens: ids in order, or a Hypothesis or Caption, whose words are then meant.
            positions: which places of it to explain; None for all but the end token.
            alternatives: dict from a place to the id of the token to compare with, for some or all positions.
            progress: called as `progress(done, of)` between pieces of the work; when it returns True the work stops.

        Returns:
            Explanation.

        Raises:
            ValueError: a place or a token that does not exist, or a comparison by a method that cannot.
            Stopped: `progress` returned True.
        """
        question = ask(model, study, tokens, positions, alternatives)
        if alternatives and not self.contrastive:
            raise ValueError(f"{self.name} cannot compare a word with an alternative")

        def report(done, of):
            if progress is not None and progress(done, of):
                raise Stopped

        maps, details = self._maps(model, question, report)
        maps = np.array(maps, np.float32)
        maps[:, ~question.mask] = 0
        return Explanation(
            self.name, maps, tuple(int(position) for position in question.positions),
            tuple(int(token) for token in question.tokens[question.positions]),
            tuple(int(token) if token >= 0 else None for token in question.alternatives),
            self.grid, self.signed, Extent(0.0, 0.0, *map(float, model.coverage)) if self.grid else WHOLE, details)

    def _maps(self, model, question, report):
        """Compute the maps.

        Args:
            model: Captioner.
            question: Question; it has at least one word.
            report: `report(done, of)`, to be called between pieces of the work; it may raise Stopped.

        Returns:
            `(maps (W, 2, rows, columns), details)`.
        """
        raise NotImplementedError


def ask(model, study, tokens, positions=None, alternatives=None):
    """Check what a method was asked, see `Method.explain`; returns a Question."""
    if hasattr(tokens, "words"):
        tokens = [word.token_id for word in tokens.words]
    tokens = np.asarray(tokens, np.int32).reshape(-1)
    size = len(model.vocabulary)
    if positions is None:
        positions = np.flatnonzero(tokens != model.vocabulary.end)
    positions = np.asarray(positions, np.int32).reshape(-1)
    alternatives = dict(alternatives or {})
    if not len(positions):
        raise ValueError("there is no word to explain")
    if positions.min() < 0 or positions.max() >= len(tokens):
        raise ValueError(f"the places lie between 0 and {len(tokens) - 1}, not {positions.tolist()}")
    if alternatives.keys() - set(positions.tolist()):
        raise ValueError("an alternative is given for a place that is not explained")
    for token in (*tokens, *alternatives.values()):
        if not 0 <= token < size:
            raise ValueError(f"{token} is no token of a vocabulary of {size}")
    if not isinstance(study, tuple):
        from captioner.preparation import prepare

        study = prepare(study, model.config["preparation"])
    pictures, mask = (np.asarray(part) for part in study)
    against = [alternatives.get(int(position), -1) for position in positions]
    return Question(pictures.astype(np.float32), mask.astype(bool), tokens, positions, np.array(against, np.int32))
