"""Does a map depend on what the network has learned? Its weights become random from the top down.

Sources: Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, "Sanity checks for saliency maps" (2018), arXiv 1810.03292,
section 3.1: cascading randomisation, judged by Spearman's rank correlation (one of their three measures; the structural
similarity wants windows larger than an attention grid is). `explain.metrics.weight_dependence` says what follows.

A weight is made random by shuffling the numbers of its array: the activations keep their scale, and what was learned
is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from captioner.checkpoint.store import named_weights
from captioner.models import is_learned
from explain.methods.base import Stopped
from explain.methods.graphs import living
from explain.methods.question import ask

if TYPE_CHECKING:
    import keras

    from captioner.captioner import Captioner
    from explain.methods.base import Method

_STAGES = (
    (r"output_dense", "output"),
    (r"gru_cell|embedding", "decoder"),
    (r"attend_", "attention"),
    (r"begin_state|target_", "first state"),
    (r"finding_", "finding head"),
    (r"projection|memory_norm", "projection"),
    (r"bn$", "encoder's last norm"),
    (r"conv(\d)_|pool(\d)_|stage(\d)_", "encoder block {}"),
    (r"stem_", "encoder's stem"),
)


def stages(network: keras.Model) -> dict[str, list[str]]:
    """What the network has learned in groups of weights, from the words down to the pictures.

    Returns:
        dict from the name of the group to the names of its weights (`captioner.checkpoint.store.named_weights`).
    """
    groups: dict[str, list[str]] = {}
    for name in reversed(named_weights(network)):
        if is_learned(name):
            groups.setdefault(_stage(name), []).append(name)
    return groups


@contextmanager
def kept(network: keras.Model) -> Iterator[None]:
    """Put the weights back at the end, whatever happens. Meanwhile nobody else may use the network."""
    before = {name: np.array(value) for name, value in named_weights(network).items()}
    try:
        yield
    finally:
        for name, variable in named_weights(network).items():
            variable.assign(before[name])


def cascade(network: keras.Model, seed: int | Sequence[int] = 0) -> Iterator[str]:
    """Make one group of weights after the other random, and leave them so.

    Args:
        network: one of `captioner.models`; wrap the loop in `kept`.
        seed: of the shuffles.

    Yields:
        the name of the group that has just become random.
    """
    numbers, weights = np.random.default_rng(seed), named_weights(network)
    for stage, names in stages(network).items():
        for name in names:
            values = np.array(weights[name])
            weights[name].assign(numbers.permutation(values.ravel()).reshape(values.shape))
        yield stage


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two maps of one shape, -1..1; ties share a rank. 0 when either is flat."""
    return float(standard_ranks(first) @ standard_ranks(second))


def standard_ranks(values: npt.ArrayLike) -> np.ndarray:
    """The ranks of a map's values, float64 `(values,)`, with mean 0 and length 1, or all 0 of a flat map: the product
    of two maps' is their `similarity`."""
    ranks = _ranks(np.asarray(values, np.float64).ravel())
    ranks = ranks - ranks.mean()
    length = np.sqrt((ranks**2).sum())
    return ranks / length if length > 0 else ranks


def randomised(
    model: Captioner,
    methods: Sequence[Method],
    questions: Sequence[Any],
    seed: int = 0,
    draws: int = 1,
    curve: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Compare the maps of a trained network with those of the same network, more and more of it random.

    Args:
        model: Captioner. Its weights change meanwhile and are put back: it must be nobody else's.
        methods: explain.methods.base.Method, each.
        questions: list of `(study, tokens, positions)`, as `Method.explain` takes them, about words or findings; study
            as `(pictures, mask)`.
        seed: of the shuffles.
        draws: wholly random networks; one alone may resemble the trained one by chance in all studies at once.
        curve: questions whose maps are taken while only some groups are random; all of them when None.
        progress: as in `explain.methods.base.Method.explain`, counted in groups of weights and further draws.

    Returns:
        dict from a method's name to a dict of "maps": list of arrays (2, rows, columns), one a word; "views": which
        views each has; "studies": the question of each; "stages": name of the group -> list of similarities, one a word
        of the questions of the curve; "after": list of the similarities to the wholly random networks, one a word, the
        mean over the draws.

    Raises:
        Stopped: `progress` returned True.
    """
    groups = list(stages(model.network))
    done, of = 0, len(groups) + draws - 1
    few = questions if curve is None else questions[:curve]

    def on_the_way(*_: Any) -> bool:
        return progress is not None and bool(progress(done, of))

    def explain(method: Method, some: Sequence[Any]) -> list[np.ndarray]:
        found: list[np.ndarray] = []
        for study, tokens, positions in some:
            maps = method.explain(model, study, tokens, positions, progress=on_the_way).maps
            found += list(maps)  # W times (2, rows, columns)
        return found

    def similarities(own: dict[str, Any], maps: Sequence[np.ndarray]) -> list[float]:
        return [
            similarity(before[there], after[there]) for before, after, there in zip(own["maps"], maps, own["views"])
        ]

    counts = [len(ask(model, *question).asked) for question in questions]
    places = [number for number, count in enumerate(counts) for _ in range(count)]
    views = [np.asarray(questions[number][0][1], bool) for number in places]
    lasts: dict[str, list[list[float]]] = {method.name: [] for method in methods}
    with kept(model.network), living(model):  # the trained maps, too: one graph serves all weights
        found: dict[str, Any] = {
            method.name: {"maps": explain(method, questions), "views": views, "studies": places, "stages": {}}
            for method in methods
        }
        for draw in range(draws):
            for number, stage in enumerate(cascade(model.network, (seed, draw)), 1):
                if draw and number < len(groups):
                    continue
                for method in methods:
                    own, last = found[method.name], number == len(groups)
                    each = similarities(own, explain(method, questions if last else few))
                    if last:
                        lasts[method.name].append(each)
                    if not draw:
                        own["stages"][stage] = each[: sum(place < len(few) for place in places)]
                done += 1
                if progress is not None and progress(done, of):
                    raise Stopped
    for name, similar in lasts.items():
        found[name]["after"] = np.mean(similar, axis=0).tolist()
    return found


def _stage(name: str) -> str:
    layer = name.removeprefix("encoder/").split("/")[0]
    for pattern, stage in _STAGES:
        match = re.match(pattern, layer)
        if match:
            return stage.format(*(group for group in match.groups() if group))
    return layer


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]
