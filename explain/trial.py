"""A word's map on trial: all that is measured of one word together, and what of it serves every word of a study.

The measures themselves are those of `explain.metrics` and `explain.report.evidence`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from captioner.errors import BadInput
from captioner.sentence import Sentence
from explain.benchmark.cases import finding_words
from explain.methods.base import Explanation, method
from explain.metrics import area_occlusion, deletion_insertion, picture_share
from explain.report import evidence

if TYPE_CHECKING:
    from captioner.caption import Caption
    from captioner.captioner import Captioner
    from captioner.images.preprocessing import Prepared

STEPS, ORDERS = 10, 19  # of the curves; 19 random orders are the fewest that can give a p value of 0.05
# Of the test on random weights, each for a quick method and for a slow one:
TESTED = (8, 8)  # examples that it runs on
TESTED_WORDS = (2, 1)  # words of each
CURVE = (3, 1)  # of those the examples that are followed while the weights become random
DRAWS = (3, 1)  # wholly random networks


class Trial(NamedTuple):
    """What is known of a word's map.

    Attributes:
        found: dict from a place to `(PictureShare, AreaOcclusion)`, of all words for a quick method.
        compared: explain.metrics.deletion_insertion.Comparison of the word.
        own: the word's Explanation.
        areas: explain.metrics.area_occlusion.AreaOcclusionTest of the study.
    """

    found: dict[int, tuple[picture_share.PictureShare, area_occlusion.AreaOcclusion]]
    compared: deletion_insertion.Comparison
    own: Explanation
    areas: area_occlusion.AreaOcclusionTest


class Trials:
    """What is known already, by checkpoint, study and caption: the newest studies, for whoever asks.

    Args:
        most: studies that are kept.
    """

    def __init__(self, most: int = 24) -> None:
        self.most, self._lock = most, Lock()
        self._known: OrderedDict[Any, dict[Any, Any]] = OrderedDict()

    def of(self, checkpoint: str, pictures: Prepared, caption: Caption) -> dict[Any, Any]:
        """What is known of a study, at first an empty dict; `measure` fills it.

        Args:
            checkpoint: its name.
            pictures: the study as the network takes it.
            caption: of that study.
        """
        views, mask = pictures
        digest = sha256(np.ascontiguousarray(views).tobytes() + np.asarray(mask).tobytes()).hexdigest()
        key = checkpoint, digest, tuple(word.token_id for word in caption.words)
        with self._lock:
            known = self._known.setdefault(key, {})
            self._known.move_to_end(key)
            while len(self._known) > self.most:
                self._known.popitem(last=False)
        return known


def measure(
    model: Captioner,
    pictures: Prepared,
    caption: Caption,
    name: str,
    word: int,
    known: dict[Any, Any],
    explained: Callable[[int | None, Callable[[int, int], object]], Explanation],
    progress: Callable[[float, float], object],
) -> Trial:
    """Put a word's map on trial.

    Args:
        model: Captioner that wrote the caption.
        pictures: the study as the network takes it.
        caption: of that study.
        name: of the method.
        word: the word's place.
        known: of `Trials.of`; what is found out is added to it.
        explained: gives the method's maps, of the word at a place or with None of all words, and tells its progress.
        progress: as in `explain.methods.base.Method.explain`; the whole is 1.

    Raises:
        Stopped: `progress` returned True.
    """
    one = word if method(name).slow else None
    key = name, one
    if (name, word) in known:
        return known[name, word]
    maps = explained(one, _piece(progress, 0, 0.2))
    if "areas" not in known:
        known["areas"] = evidence.measure_areas(model, pictures, caption, progress=_piece(progress, 0.2, 0.5))
    shares, areas, places = known["areas"]
    with areas.hiding.asking(model):
        if "uninformed" not in known:
            known["uninformed"] = deletion_insertion.uninformed(
                areas.hiding, STEPS, ORDERS, progress=_piece(progress, 0.5, 0.95)
            )
        if key not in known:
            known[key] = evidence.measure(model, pictures, caption, maps, areas=(shares, areas, places))
        own = maps.of_word(word)
        compared = deletion_insertion.compare(
            model, pictures, caption, word, own.maps[0], own.extent, STEPS, against=(known["uninformed"], word)
        )
    known[name, word] = Trial(known[key], compared, own, areas)
    progress(1, 1)
    return known[name, word]


def _piece(progress: Callable[[float, float], object], start: float, end: float) -> Callable[[int, int], object]:
    """`progress` of one part of the work, which takes it from the share `start` to the share `end`."""
    return lambda done, of: progress(start + (end - start) * done / max(of, 1), 1.0001)


def on_random_weights(
    model: Captioner,
    name: str,
    entries: Iterable[Mapping[str, Any]],
    progress: Callable[[int, int], object] | None = None,
    writer: Captioner | None = None,
) -> tuple[dict[str, Any], int]:
    """Whether a method's maps depend on the weights, tried on examples: `(judged, number of examples)`.

    Args:
        model: Captioner; its weights are made random on the way, so it must be nobody else's.
        name: of the method.
        entries: examples with the paths of their views, as `examples/index.json` has them; those with findings are
            taken where there are any.
        progress: as in `explain.methods.base.Method.explain`.
        writer: Captioner of the same weights that writes the captions, such as one whose graphs are there already;
            `model` when None.

    Returns:
        `judged` as `explain.benchmark.aggregate.judge_randomisation` gives it.

    Raises:
        BadInput: there are fewer than two examples with a caption.
        Stopped: `progress` returned True.
    """
    from captioner.images.preprocessing import prepare
    from captioner.images.study import read_study
    from explain.benchmark.aggregate import judge_randomisation
    from explain.metrics.sanity_checks import randomised

    made, questions = method(name), []
    entries = list(entries)
    for entry in [entry for entry in entries if entry.get("findings")] or entries:
        study = read_study(entry["frontal"], entry["lateral"])
        caption = (writer or model).caption(study)
        places = list(finding_words(caption.text)) or list(range(len(caption.words)))
        if places:
            tokens = [word.token_id for word in caption.words]
            pictures = prepare(study, model.config["preparation"])
            questions.append((pictures, tokens, places[: TESTED_WORDS[made.slow]]))
        if len(questions) == TESTED[made.slow]:
            break
    if len(questions) < 2:
        raise BadInput(Sentence("Two examples are needed to test the method."))
    curve, draws = CURVE[made.slow], DRAWS[made.slow]
    found = randomised(model, [made], questions, draws=draws, curve=curve, progress=progress)
    return judge_randomisation(found[name]), len(questions)
