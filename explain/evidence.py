"""One word on trial: do the pictures make it likelier, does the marked area, and where did the attention go?

What is hidden is replaced with the blurred picture (`explain.baseline`), as deletion does: Petsiuk, Das and Saenko,
"RISE" (2018). Random areas of the same size give the p value, as in a permutation test; the 1 that is added above and
below is that of Phipson and Smyth, "Permutation p-values should never be zero" (2010).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np

from explain.baseline import baseline
from explain.faithfulness import order
from explain.heatmap import WHOLE
from explain.hiding import Hiding
from explain.method import Stopped, ask
from explain.target import target

SHARE = 0.1  # of the pixels, hidden at once
RANDOM = 99  # areas; p cannot fall below 0.01
BATCH = 8
MOVED = log(1.25)  # a word whose log probability moves by less was guessed from language
SIGNIFICANT = 0.05
STRANGERS = (900_001, 900_002)  # phantom seeds of other patients: one without, one with findings


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
    def moved(self):
        """What the pictures add to the log probability (natural), over the likelier of blank and other."""
        floor = 1e-12
        return log(max(self.shown, floor)) - log(max(self.blank, self.other, floor))

    @property
    def guessed(self):
        """Whether the word comes from language: neither black pictures nor another patient's change it by a quarter."""
        shown, *without = (log(max(each, 1e-12)) for each in (self.shown, self.blank, self.other))
        return all(abs(shown - each) < MOVED for each in without)


@dataclass(frozen=True, eq=False)
class Grounding:
    """What hiding the marked area does, beside random areas of the same size.

    Attributes:
        before: the word's probability, 0..1.
        hidden: with the marked area hidden.
        random: float `(n,)`, with each random area hidden.
        share: of the pixels of all views, hidden at once.
    """

    before: float
    hidden: float
    random: np.ndarray
    share: float

    @property
    def p(self):
        """(1 + random areas that take away as much) / (1 + all of them)."""
        return float((1 + (self.random <= self.hidden).sum()) / (1 + len(self.random)))

    @property
    def grounded(self):
        """Whether the marked area takes away more than random ones do, and anything at all."""
        return self.p <= SIGNIFICANT and self.hidden < self.before


@dataclass(frozen=True)
class Gaze:
    """How a word's attention is spread.

    Attributes:
        bits: its entropy over the cells of the views there are.
        evenness: that over the entropy of an even spread, 0 (one cell) to 1 (everywhere alike).
        view: "frontal" or "lateral", whichever got more.
        view_share: what that view got, 0.5..1.
    """

    bits: float
    evenness: float
    view: str
    view_share: float


def picture_share(model, study, tokens, position, others=None):
    """How much a word owes to the pictures.

    Args:
        model, study, tokens: as in `explain.method.Method.explain`.
        position: the word's place.
        others: other patients' studies, in either form; two phantoms when None.

    Returns:
        PictureShare.
    """
    question = ask(model, study, tokens, [position])
    return picture_shares(model, question, others)[0]


def picture_shares(model, question, others=None):
    """As `picture_share`, for every word of a Question: a list."""
    others = strangers(model.config["preparation"]["size"]) if others is None else others
    others = [ask(model, other, question.tokens).pictures for other in others]
    black = baseline(question.pictures, "black", model.config["preparation"])
    graphs = target(model)
    features = graphs.features(np.stack([question.pictures, black, *others]))  # (2 + others, 2, R, C, F)

    def probabilities(features, mask):
        """`(words, studies)`."""
        against = np.full(len(question.tokens), -1, np.int32)
        found = graphs.of_features(features, mask, question.tokens, against).numpy()
        return np.exp(found[question.positions])

    whole = probabilities(features, question.mask)  # (W, 2 + others)
    alone = [None, None]
    if question.mask.all():
        alone = [probabilities(features[:1], np.arange(2) == view)[:, 0] for view in range(2)]  # 2 times (W,)
    return [PictureShare(float(row[0]), float(row[1]), float(row[2:].mean()),
                         *(None if view is None else float(view[word]) for view in alone))
            for word, row in enumerate(whole)]


def grounding(model, study, tokens, position, values, extent=WHOLE, share=SHARE, random=RANDOM, seed=0, progress=None):
    """Does a word's probability fall more when the marked area is hidden than when random areas of its size are?

    Args:
        model, study, tokens, position: as in `picture_share`.
        values, extent: its map, as in `explain.faithfulness.curves`.
        share: of the pixels of all views: the marked area is that share where the map is strongest.
        random: number of random areas, made of whole cells of the model's grid.
        seed: of the random areas.
        progress: as in `explain.method.Method.explain`.

    Returns:
        Grounding.

    Raises:
        Stopped: `progress` returned True.
    """
    question = ask(model, study, tokens, [position])
    hider = Hider(model, question, share, random, seed, progress)
    return hider.of(0, values, extent)


class Hider:
    """Hides areas of one study; the random ones once, for all its words and all their maps.

    Args:
        model: Captioner.
        question: Question.
        share, random, seed, progress: as in `grounding`.
        hiding: explain.hiding.Hiding of the question, where there is one.
    """

    def __init__(self, model, question, share=SHARE, random=RANDOM, seed=0, progress=None, hiding=None):
        self.model, self.question, self.share = model, question, share
        self.hiding = hiding or Hiding(model, question)
        numbers = np.random.default_rng(seed)
        features = [self.hiding.ends[:1]]
        for first in range(0, random, BATCH):
            count = min(BATCH, random - first)
            features.append(self._features([self._area(numbers.random((2, *model.grid)), WHOLE) for _ in range(count)]))
            if progress is not None and progress(first + count, random):
                raise Stopped
        self._known = self.hiding.probabilities(np.concatenate(features))  # (W, 1 + random): untouched, random areas

    def of(self, word, values, extent=WHOLE):
        """The Grounding of one word of the question by one map."""
        return self._of(word, self._area(values, extent))

    def of_ranked(self, word, ranked):
        """The same by an order of the pixels (`explain.faithfulness.order`)."""
        return self._of(word, self._first(ranked))

    def _of(self, word, area):
        ((hidden,),) = self.hiding.probabilities(self._features([area]), [word])
        before, *random = self._known[word]
        return Grounding(float(before), float(hidden), np.array(random), self.share)

    def _area(self, values, extent):
        """Indices into the flattened pixels: the share where the map is strongest."""
        question = self.question
        return self._first(order(values, extent, question.mask, question.pictures.shape[1], self.model.grid))

    def _first(self, ranked):
        return ranked[: max(int(round(self.share * len(ranked))), 1)]

    def _features(self, areas):
        hidden = np.zeros((len(areas), self.hiding.there.size), bool)
        for row, area in zip(hidden, areas):
            row[area] = True
        return self.hiding.features(hidden.reshape(-1, *self.hiding.there.shape))


def gaze(attention, views=(True, True)):
    """The Gaze of one word.

    Args:
        attention: `(2, rows, columns)`, non-negative, summing to 1 over the views there are.
        views: bool `(2,)`, which there are.
    """
    attention = np.asarray(attention, np.float64)
    cells = attention[np.asarray(views, bool)].ravel()
    cells = cells / cells.sum()
    positive = cells[cells > 0]
    bits = float(-(positive * np.log2(positive)).sum())
    each = attention.sum(axis=(1, 2)) / attention.sum()
    return Gaze(abs(bits), abs(bits) / np.log2(len(cells)) if len(cells) > 1 else 0.0,
                ("frontal", "lateral")[int(each.argmax())], float(each.max()))


def verdict(word, pictures, area):
    """One plain sentence: was the word guessed, seen, or seen somewhere else than marked?

    Args:
        word: its text.
        pictures: PictureShare.
        area: Grounding.
    """
    if pictures.guessed:
        return (f"“{word}” was guessed from language: it is about as likely ({_percent(pictures.shown)}) with black "
                f"pictures ({_percent(pictures.blank)}) or another patient's ({_percent(pictures.other)}).")
    change = f"from {_percent(area.before)} to {_percent(area.hidden)}"
    if area.grounded:
        return (f"“{word}” rests on the marked area: hiding it takes its probability {change}, more than "
                f"hiding other areas of that size does (p = {area.p:.2f}).")
    return (f"“{word}” depends on the pictures, but not on the marked area in particular: hiding it takes its "
            f"probability {change}, and random areas of that size often do as much (p = {area.p:.2f}).")


@lru_cache(maxsize=2)
def strangers(size):
    """Two other patients, phantoms at the model's own size: a tuple of Study, one normal and one not."""
    from captioner.phantom import render
    from captioner.study import Study, View

    size = max(size, 64)
    made = render(STRANGERS[0], size, ()), render(STRANGERS[1], size, ("effusion",))
    return tuple(Study(View("frontal", one.frontal), View("lateral", one.lateral), ()) for one in made)


def _percent(probability):
    return "under 1%" if probability < 0.01 else f"{probability:.0%}"
