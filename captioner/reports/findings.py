"""Which findings an impression states: a rule-based labeller with negation.

Conventions, beside those of the words in `captioner.reports.finding_words`:

- An uncertain finding ("possible", "may represent", "can not exclude", "versus") counts as present.
- A resolved or removed finding, one that is merely asked after ("to exclude a nodule", "if there is concern for
  pneumonia") and one in the history counts as absent. One that is unchanged counts as present.
- What the thirteen do not cover (low lung volumes, a tortuous aorta, a raised diaphragm, a blunted costophrenic angle
  that is not called an effusion) counts as normal.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from captioner.reports.finding_words import OTHERWISE, PATTERNS
from captioner.reports.negation import denied

FINDINGS = (
    "cardiomegaly",
    "effusion",
    "pneumothorax",
    "airspace opacity",
    "atelectasis",
    "edema or congestion",
    "nodule or mass",
    "granuloma or calcification",
    "emphysema or COPD",
    "scarring or interstitial change",
    "bone",
    "device",
    "hernia",
)
# Those that lie on a side of the patient, and the words of place that are told apart; left and right are the patient's.
SIDED = tuple(
    name for name in FINDINGS if name not in ("cardiomegaly", "edema or congestion", "emphysema or COPD", "hernia")
)
# Those of which impressions say at which height they lie; "upper" of a fractured rib is hardly ever said.
ZONED = (
    *("pneumothorax", "airspace opacity", "atelectasis", "nodule or mass", "granuloma or calcification"),
    "scarring or interstitial change",
)
PLACES = ("left", "right", "upper", "lower")
SIDES = ("left", "right", "bilateral")
ZONES = ("upper", "middle", "lower")  # thirds of the lungs' height


class Mention(NamedTuple):
    """A place in a caption that states a finding: its words are `caption.split()[start:end]`."""

    finding: str
    start: int
    end: int


def mentions(text: str) -> list[Mention]:
    """Where a caption states which finding; negated mentions are left out.

    Args:
        text: a cleaned caption, lower-case words and full stops.

    Returns:
        list of `Mention`, in the order of their place; spans of one finding do not overlap.

    >>> mentions("no effusion . small calcified nodule")
    [Mention(finding='granuloma or calcification', start=4, end=5), Mention(finding='nodule or mass', start=5, end=6)]
    """
    return [mention for mention, is_denied in all_mentions(text) if not is_denied]


def all_mentions(text: str, opened: Collection[int] = ()) -> list[tuple[Mention, bool]]:
    """Where a cleaned caption names which finding, stated or not, each with whether it is denied there.

    Args:
        text: a cleaned caption.
        opened: places of words with which another statement opens after a comma (`captioner.reports.commas`).

    >>> all_mentions("no effusion")
    [(Mention(finding='effusion', start=1, end=2), True)]
    """
    tokens, found, first = text.split(), [], 0
    for last in [place for place, token in enumerate(tokens) if token == "."] + [len(tokens)]:
        sentence = " ".join(tokens[first:last])
        stretches = denied(sentence, [characters(tokens, first, place) for place in opened if first < place < last])
        for finding in FINDINGS:
            for start, end in _spans(finding, sentence):
                token = first + sentence.count(" ", 0, start)
                mention = Mention(finding, token, token + 1 + sentence.count(" ", start, end))
                found.append((mention, any(left <= start and end <= right for left, right in stretches)))
        first = last + 1
    return sorted(found, key=lambda pair: (pair[0].start, FINDINGS.index(pair[0].finding)))


def characters(tokens: Sequence[str], first: int, place: int) -> int:
    """Where a word starts in its sentence, in characters; the sentence's own words start at `first`."""
    return len(" ".join(tokens[first:place])) + (place > first)


def label(text: str) -> np.ndarray:
    """bool `(13,)`: which of `FINDINGS` a cleaned caption states."""
    return np.array(_stated(text))


@lru_cache(maxsize=1 << 14)  # the same impressions are labelled again and again: after every epoch, in every shuffle
def _stated(text: str) -> tuple[bool, ...]:
    stated = {mention.finding for mention in mentions(text)}
    return tuple(finding in stated for finding in FINDINGS)


def label_all(texts: Sequence[str]) -> np.ndarray:
    """bool `(texts, 13)`: `label` of every text."""
    return np.array([_stated(text) for text in texts], dtype=bool).reshape(-1, len(FINDINGS))


def is_normal(labels: npt.ArrayLike) -> Any:
    """bool `(...)`: True where none of the findings in `labels`, bool `(..., 13)`, is stated."""
    return ~np.asarray(labels, dtype=bool).any(axis=-1)


def _spans(finding: str, sentence: str) -> list[tuple[int, int]]:
    """(start, end) characters of the finding's words in one sentence, without those that mean something else."""
    other = [match.span() for match in OTHERWISE[finding].finditer(sentence)] if finding in OTHERWISE else []
    return [
        match.span()
        for match in PATTERNS[finding].finditer(sentence)
        if not any(start < match.end() and match.start() < end for start, end in other)
    ]
