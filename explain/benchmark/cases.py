"""The studies that explanations are judged on, each with the words to explain and what is known of their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from captioner.errors import BadInput
from captioner.images.study import Study, View, read_study
from captioner.reports.findings import mentions
from captioner.reports.index_locations import PlacedWord, placed_words

if TYPE_CHECKING:
    from captioner.phantom.rendering import Phantom

PHANTOMS = "phantoms"
PHANTOM_SEED = 200_000  # training's phantoms have the seeds from 100000, examples and tests small ones
PHANTOM_SIZE = 256


@dataclass(frozen=True, eq=False)
class Case:
    """One study.

    Attributes:
        name: for people.
        study: captioner.Study.
        caption: the reference, cleaned.
        mesh: its index terms.
        words: dict from the position of each finding word of the caption to the finding's name.
        masks: dict from a position to bool `(2, H, W)`, where that finding lies; only phantoms have any.
        placed: dict from a position to the PlacedWord that the index terms make of it.
    """

    name: str
    study: Study
    caption: str
    mesh: tuple[str, ...]
    words: dict[int, str]
    masks: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def placed(self) -> dict[int, PlacedWord]:
        return placed(self.caption, self.mesh)


def placed(caption: str, mesh: Sequence[str]) -> dict[int, PlacedWord]:
    """The words of any caption of a study whose places its index terms give, by position."""
    return {word.position: word for word in placed_words(caption, mesh)}


def phantom_cases(count: int, first: int = PHANTOM_SEED) -> Iterator[Case]:
    """Yield `count` phantoms that have findings, from the seed `first` on; normal ones are passed over."""
    from captioner.phantom import findings, render

    seed = first
    while count > 0:
        if findings.draw(seed):
            yield phantom_case(render(seed, PHANTOM_SIZE))
            count -= 1
        seed += 1


def phantom_case(made: Phantom) -> Case:
    """The Case of a `captioner.phantom.Phantom`."""
    tokens = made.impression.split()
    words, masks = {}, {}
    for finding in made.findings:
        for word in finding.words:
            if word in tokens:
                words[tokens.index(word)] = finding.name
                masks[tokens.index(word)] = finding.masks
    study = Study(View("frontal", made.frontal), View("lateral", made.lateral), ())
    return Case(f"phantom {made.seed}", study, made.impression, made.mesh, words, masks)


def collection_cases(data: str | Path, split: str, count: int, seed: int = 0) -> Iterator[Case]:
    """Yield at most `count` studies of a split of the collection whose reference states a finding, in random order.

    Args:
        data: folder of the collection.
        split: "train", "val" or "test".
        count: studies.
        seed: of the order.

    Raises:
        BadInput: the collection cannot be read, or no study will do.
    """
    from captioner.reports.collection import read_collection

    reports = [
        report for report in read_collection(data).split(split) if report.frontal and mentions(report.impression)
    ]
    if not reports:
        raise BadInput(f"{data} has no study in the split {split} with a frontal picture and a finding to explain.")
    for place in np.random.default_rng(seed).permutation(len(reports))[:count]:
        report = reports[place]
        study = read_study(report.frontal[0], report.lateral[0] if report.lateral else None)
        yield Case(f"study {report.uid}", study, report.impression, report.mesh, finding_words(report.impression))


def finding_words(caption: str) -> dict[int, str]:
    """dict from the position of each word of a cleaned caption that states a finding to the first such finding."""
    found: dict[int, str] = {}
    for mention in mentions(caption):
        for position in range(mention.start, mention.end):
            found.setdefault(position, mention.finding)
    return dict(sorted(found.items()))
