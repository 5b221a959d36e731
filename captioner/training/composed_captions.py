"""Captions put together from sentences of the training captions, so that a decoder learns to say what it is told.

Reports hardly ever state most combinations of findings, sides and heights, and half of them state nothing: a decoder
that learns from them alone writes what is usual. A composed caption draws its findings evenly, takes a sentence that
states each, names the other side as often as the one that it came with, and may end with a sentence that denies another
finding or says something that is no finding. What the decoder is told then follows from the text by the same labeller
as ever (`captioner.reports.finding_labels.conditions_of`), so that text and conditions always agree.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from captioner.reports.claims import claims, contradictions
from captioner.reports.finding_labels import stated_places
from captioner.reports.statements import is_statement, sentences
from captioner.vocabulary import Vocabulary

MAX_WORDS = 14  # of a sentence; longer ones describe one patient
FINDINGS_SHARES = (0.5, 0.3, 0.15, 0.05)  # how often a caption states one, two, three or four findings
COMMON = 0.75  # power of a sentence's count that it is drawn by: common ones often, and rare ones not never
QUIET_ENDING = 0.5  # how often a sentence that states nothing follows
QUIET_FIRST = 0.3  # how often it does not follow but comes first
OTHER_SIDE = {
    "left": "right",
    "right": "left",
    "lul": "rul",
    "rul": "lul",
    "lll": "rll",
    "rll": "lll",
    "leftward": "rightward",
    "rightward": "leftward",
}
ONE_SIDED_WORDS = {"lingula", "lingular", "rml", "middle"}  # parts that the other lung does not have


class ComposedCaptions:
    """What captions are drawn from.

    Args:
        captions: the cleaned captions of the training studies.
        vocabulary: sentences with a word that it does not have are left out.

    Attributes:
        stating: number of a finding in FINDINGS -> the sentences that state it and no other, the commonest first.
        quiet: sentences that state no finding.

    Raises:
        ValueError: no sentence states a finding.
    """

    def __init__(self, captions: Iterable[str], vocabulary: Vocabulary) -> None:
        counts: dict[str, int] = {}
        for caption in captions:
            for sentence in sentences(caption):
                counts[sentence] = counts.get(sentence, 0) + 1
        self.stating: dict[int, list[str]] = {}
        self.quiet: list[str] = []
        weights: dict[str, float] = {}
        for sentence, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
            ids = vocabulary.encode(sentence)
            if len(ids) > MAX_WORDS or vocabulary.unknown in ids or not is_statement(sentence):
                continue
            found = claims(sentence)
            stated = [*stated_places(sentence)]
            if contradictions(found) or len(stated) > 1:
                continue
            weights[sentence] = count**COMMON
            if stated and not any(claim.denied for claim in found):
                self.stating.setdefault(stated[0], []).append(sentence)
            elif not stated:
                self.quiet.append(sentence)
        if not self.stating:
            raise ValueError("no sentence of the captions states a finding")
        self._findings = np.array(sorted(self.stating))
        self._chances = {
            key: (shares := np.array([weights[each] for each in chosen])) / shares.sum()
            for key, chosen in [*self.stating.items(), (-1, self.quiet)]
            if chosen
        }

    def draw(self, rng: np.random.Generator) -> str:
        """One cleaned caption; it never states and denies the same finding."""
        count = min(1 + int(rng.choice(len(FINDINGS_SHARES), p=FINDINGS_SHARES)), len(self._findings))
        parts = [self._sentence(int(finding), rng) for finding in rng.permutation(self._findings)[:count]]
        if self.quiet and rng.uniform() < QUIET_ENDING:
            parts.append(str(self.quiet[rng.choice(len(self.quiet), p=self._chances[-1])]))
        if contradictions(claims(" . ".join(parts))) or (len(parts) > count and _calls_normal(parts[-1])):
            parts = parts[:count]
        if len(parts) > count and rng.uniform() < QUIET_FIRST:
            parts.insert(0, parts.pop())
        return "".join(f"{part} . " for part in parts).strip()

    def _sentence(self, finding: int, rng: np.random.Generator) -> str:
        chosen = self.stating[finding]
        sentence = chosen[rng.choice(len(chosen), p=self._chances[finding])]
        return other_side(sentence) if rng.uniform() < 0.5 else sentence


def other_side(sentence: str) -> str:
    """The sentence about the other side; as it is when it names a part that the other lung does not have.

    >>> other_side("small left effusion")
    'small right effusion'
    """
    words = sentence.split()
    if ONE_SIDED_WORDS.intersection(words):
        return sentence
    return " ".join(OTHER_SIDE.get(word, word) for word in words)


def _calls_normal(sentence: str) -> bool:
    """Whether a sentence that states nothing contradicts every finding: "no acute abnormality", "normal chest"."""
    words = set(sentence.split())
    return bool(words & {"normal", "unremarkable", "clear"}) or ("no" in words and bool(words & _ANYTHING))


_ANYTHING = {"abnormality", "abnormalities", "disease", "findings", "finding", "process"}
