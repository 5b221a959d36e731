"""Does a map depend on what the network has learned? Its weights become random from the top down.

Sources: Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, "Sanity checks for saliency maps" (2018), arXiv 1810.03292,
section 3.1: cascading randomisation, judged by Spearman's rank correlation (one of their three measures; the structural
similarity wants windows larger than an attention grid is). The pass line follows Arun et al., "Assessing the
trustworthiness of saliency maps for localizing abnormalities in medical imaging" (Radiology: AI 2021): a map of a
random network may resemble the trained one's no more than maps of two different studies resemble each other.

A weight is made random by shuffling the numbers of its array: the activations keep their scale, and what was learned
is gone.
"""

import re
from contextlib import contextmanager

import numpy as np

from captioner.checkpoint import named_weights
from explain.method import Stopped
from explain.target import living

PAIRS = 50  # random pairs of maps that the pass line is the mean of, as in Arun et al.
_STAGES = (
    (r"output_dense", "output"), (r"gru_cell|embedding", "decoder"), (r"attend_", "attention"),
    (r"begin_state|target_", "first state"), (r"projection|memory_norm", "projection"), (r"bn$", "encoder's last norm"),
    (r"conv(\d)_|pool(\d)_|stage(\d)_", "encoder block {}"), (r"stem_", "encoder's stem"),
)


def stages(network):
    """The network's weights in groups, from the words down to the pictures.

    Returns:
        dict from the name of the group to the names of its weights (`captioner.checkpoint.named_weights`).
    """
    groups = {}
    for name in reversed(named_weights(network)):
        groups.setdefault(_stage(name), []).append(name)
    return groups


@contextmanager
def kept(network):
    """Put the weights back at the end, whatever happens. Meanwhile nobody else may use the network."""
    before = {name: np.array(value) for name, value in named_weights(network).items()}
    try:
        yield
    finally:
        for name, variable in named_weights(network).items():
            variable.assign(before[name])


def cascade(network, seed=0):
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


def similarity(first, second):
    """Spearman's rank correlation of two maps of one shape, -1..1; ties share a rank. 0 when either is flat."""
    ranks = [_ranks(np.asarray(values, np.float64).ravel()) for values in (first, second)]
    ranks = [rank - rank.mean() for rank in ranks]
    scale = np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    return float((ranks[0] * ranks[1]).sum() / scale) if scale > 0 else 0.0


def random_pairs(maps, views, studies, pairs=PAIRS, seed=0):
    """How much maps of different studies resemble each other: the similarities of random pairs.

    Args:
        maps: arrays of one shape, `(views, rows, columns)`.
        views: which views each of them has, bool `(views,)`; a pair is compared on those that both have.
        studies: the study of each.
        pairs: how many, with replacement.
        seed: of the drawing.

    Returns:
        list of float; empty when there are no two studies with a view in common.
    """
    numbers, studies, views = np.random.default_rng(seed), np.asarray(studies), np.asarray(views, bool)
    common = (views[:, None] & views[None]).any(axis=-1)
    apart = np.argwhere(np.triu(common & (studies[:, None] != studies[None])))  # (pairs there are, 2)
    if not len(apart):
        return []
    return [similarity(*(maps[one][views[first] & views[second]] for one in (first, second)))
            for first, second in apart[numbers.integers(len(apart), size=pairs)]]


def randomised(model, methods, questions, seed=0, progress=None):
    """Compare the maps of a trained network with those of the same network, more and more of it random.

    Args:
        model: Captioner. Its weights change meanwhile and are put back: it must be nobody else's.
        methods: explain.method.Method, each.
        questions: list of `(study, tokens, positions)`, as `Method.explain` takes them; study as `(pictures, mask)`.
        seed: of the shuffles.
        progress: as in `explain.method.Method.explain`, counted in groups of weights.

    Returns:
        dict from a method's name to `{"maps": list of arrays (2, rows, columns), one a word, "views": which views each
        has, "studies": the question of each, "stages": {name of the group: list of similarities, one a word}}`.

    Raises:
        Stopped: `progress` returned True.
    """
    done, of = 0, len(stages(model.network))

    def on_the_way(*_):
        return progress is not None and progress(done, of)

    def explain(method):
        found = []
        for study, tokens, positions in questions:
            maps = method.explain(model, study, tokens, positions, progress=on_the_way).maps
            found += list(maps)  # W times (2, rows, columns)
        return found

    places = [number for number, (_, _, positions) in enumerate(questions) for _ in positions]
    views = [np.asarray(questions[number][0][1], bool) for number in places]
    found = {method.name: {"maps": explain(method), "views": views, "studies": places, "stages": {}}
             for method in methods}
    with kept(model.network), living(model):
        for done, stage in enumerate(cascade(model.network, seed), 1):
            for method in methods:
                own = found[method.name]
                own["stages"][stage] = [similarity(before[there], after[there]) for before, after, there
                                        in zip(own["maps"], explain(method), views, strict=True)]
            if progress is not None and progress(done, of):
                raise Stopped
    return found


def _stage(name):
    layer = name.removeprefix("encoder/").split("/")[0]
    for pattern, stage in _STAGES:
        match = re.match(pattern, layer)
        if match:
            return stage.format(*(group for group in match.groups() if group))
    return layer


def _ranks(values):
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]
