"""What a network learns from, one `Example` for each study: reports with pictures, labelled pictures, and phantoms.

All pictures are in one `PictureStore`; `captioner.training.dataset` makes batches of them.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from captioner import phantom
from captioner.images.preprocessing import squashed
from captioner.images.study import read_view
from captioner.phantom.findings import draw
from captioner.reports.finding_labels import FindingLabels, labels_of_phantom, labels_of_picture, labels_of_report
from captioner.reports.findings import mentions
from captioner.reports.locations import places_in

if TYPE_CHECKING:
    from captioner.reports.collection import Report
    from captioner.reports.nih import Box, LabelledPicture
    from captioner.reports.targets import Targets

VIEWS = 2
PHANTOM_SEED = 100_000  # training's phantoms start here; examples and evaluations use other seeds
VALIDATION_SEED = 150_000  # and those that thresholds are chosen on, see `captioner.training.decisions.raised`
PHANTOM_SIZE = 256
HARD_KINDS = {"granuloma", "aorta", "nodule", "atelectasis"}  # of phantoms' findings, those that are missed most
NEAR_MIDDLE = 0.06  # a box whose middle is nearer to the picture's, as a share of its width, lies on no side


@dataclass(frozen=True)
class Example:
    """One study as training sees it.

    Attributes:
        uid: the study's number, or a phantom's name.
        frontal, lateral: indices into a picture store; either may be empty, not both.
        caption: the cleaned impression.
        targets: float32 `(K,)`, multi-label; -1 where not known.
        masks: token position -> bool `(2, rows, columns)`, where the finding that the word names lies in both
            views: exactly for phantoms, and for real studies as coarsely as the impression says it.
        labels: what is known of the findings, for a network with a finding head.
        worded: whether the words are to be learned; else the caption only says where the attention belongs.
    """

    uid: str
    frontal: tuple[int, ...]
    lateral: tuple[int, ...]
    caption: str
    targets: np.ndarray
    masks: dict[int, np.ndarray] | None = None
    labels: FindingLabels | None = None
    worded: bool = True


def labels_of(examples: Iterable[Example]) -> list[FindingLabels]:
    """The labels of examples that a finding head learns from or is judged by, which all have them."""
    labels = []
    for example in examples:
        assert example.labels is not None, f"{example.uid} has no labels"
        labels.append(example.labels)
    return labels


class PictureStore:
    """All pictures of a training as uint8 `(count, size, size)`, squashed to the size of the stage once."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pictures: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._pictures[index]

    def add(self, pixels: np.ndarray) -> int:
        """Keep one picture, uint8 `(rows, columns)` of any size; returns its index."""
        self._pictures.append(squashed(pixels, self.size))
        return len(self._pictures) - 1


class PlantedContent(TypedDict):
    """One finding of a phantom, as its JSON has it."""

    name: str
    side: str | None
    zone: str | None
    words: Sequence[str]


class PhantomContent(TypedDict):
    """What a phantom is, as its JSON has it: impression, MeSH terms and findings."""

    impression: str
    mesh: Sequence[str]
    findings: list[PlantedContent]


PhantomStudy = tuple[np.ndarray, np.ndarray, PhantomContent, np.ndarray]  # see `phantom_study`


def file_pixels(path: str | Path) -> np.ndarray:
    """The pixels of a picture's file, uint8 `(rows, columns)`."""
    return read_view(path).pixels


def study_examples(
    reports: Iterable[Report],
    store: PictureStore,
    targets: Targets,
    pixels: Callable[[Path], np.ndarray] = file_pixels,
) -> list[Example]:
    """Read the pictures of these reports into the store; returns their Examples in the same order.

    Args:
        reports: of `captioner.reports.collection`.
        store: PictureStore.
        targets: Targets.
        pixels: what reads a picture; a pack has its own.
    """

    def add(paths: Iterable[Path]) -> tuple[int, ...]:
        return tuple(store.add(pixels(path)) for path in paths)

    return [
        Example(
            report.uid,
            add(report.frontal),
            add(report.lateral),
            report.impression,
            targets.encode(report.mesh, report.impression),
            places_in(report.impression, report.mesh),
            labels_of_report(report.impression, report.mesh),
        )
        for report in reports
    ]


# How a box's finding is written for the attention alone, apart from the texts that evaluations force.
BOX_WORDS = {
    "atelectasis": "{side}atelectasis is seen .", "cardiomegaly": "mild cardiomegaly is seen .",
    "effusion": "small {side}pleural effusion is seen .", "infiltration": "patchy {side}infiltrate is seen .",
    "mass": "large {side}mass is seen .", "nodule": "small {side}nodule is seen .",
    "pneumonia": "patchy {side}pneumonia is seen .", "pneumothorax": "small {side}pneumothorax is seen .",
}  # fmt: skip


def box_captions(pictures: Iterable[LabelledPicture]) -> list[str]:
    """The sentence of every box."""
    return [_box_caption(box) for picture in pictures for box in picture.boxes]


def _box_caption(box: Box, sided: bool = True) -> str:
    middle = (box.left + box.right) / 2
    side = "" if not sided or abs(middle - 0.5) < NEAR_MIDDLE else "right " if middle < 0.5 else "left "
    return BOX_WORDS[box.label].format(side=side)


def picture_examples(
    pictures: Iterable[LabelledPicture],
    store: PictureStore,
    targets: Targets,
    pixels: Callable[[Path], np.ndarray] = file_pixels,
) -> list[Example]:
    """Read pictures of NIH ChestX-ray14 (`captioner.reports.nih`) into the store; returns their Examples.

    They have no caption and no MeSH terms, so that all targets are unknown.
    """
    unknown = np.full(len(targets), -1.0, np.float32)
    return [
        Example(
            picture.name,
            (store.add(pixels(picture.path)),),
            (),
            "",
            unknown,
            None,
            labels_of_picture(picture),
            worded=False,
        )  # fmt: skip
        for picture in pictures
    ]


def box_examples(
    pictures: Iterable[LabelledPicture],
    store: PictureStore,
    targets: Targets,
    pixels: Callable[[Path], np.ndarray] = file_pixels,
    sided: bool = True,
) -> list[Example]:
    """One Example for every box: a short sentence of its finding, whose attention belongs into the box.

    Args:
        pictures: those without a box are left out.
        store, targets, pixels: as of `picture_examples`.
        sided: whether the sentence says on which side the box lies, which also tells where to look.
    """
    unknown = np.full(len(targets), -1.0, np.float32)
    examples = []
    for picture in pictures:
        if not picture.boxes:
            continue
        index = store.add(pixels(picture.path))
        for number, box in enumerate(picture.boxes):
            caption = _box_caption(box, sided)
            alone = dataclasses.replace(picture, boxes=(box,))
            (region,) = labels_of_picture(alone).regions.values()
            stated = [place for _, start, end in mentions(caption) for place in range(start, end)]
            masks = dict.fromkeys(stated, region)
            labels = labels_of_picture(picture)
            name = f"{picture.name} {number}"
            examples.append(Example(name, (index,), (), caption, unknown, masks, labels, worded=False))
    return examples


def phantom_study(seed: int, cache: Path | None) -> PhantomStudy:
    """One phantom's `(frontal, lateral, content, masks bool (findings, 2, rows, columns))`, rendered once.

    Args:
        seed: of the phantom.
        cache: folder that keeps it for next time; None keeps nothing.
    """
    if cache is None:
        with tempfile.TemporaryDirectory() as folder:
            return phantom_study(seed, Path(folder))
    path = cache / "phantoms" / f"{seed}.npz"
    if not path.is_file():
        made = phantom.render(seed, PHANTOM_SIZE)
        content: PhantomContent = {
            "impression": made.impression,
            "mesh": made.mesh,
            "findings": [
                {"name": each.name, "side": each.side, "zone": each.zone, "words": each.words} for each in made.findings
            ],
        }
        masks = np.array([each.masks for each in made.findings], bool).reshape(-1, VIEWS, PHANTOM_SIZE, PHANTOM_SIZE)
        path.parent.mkdir(parents=True, exist_ok=True)
        # There whole or not at all: a training may be stopped while it writes, and several may share a folder.
        fresh = path.with_suffix(f".{os.getpid()}.npz")
        np.savez_compressed(fresh, frontal=made.frontal, lateral=made.lateral, masks=masks, content=json.dumps(content))
        fresh.rename(path)
    with np.load(path, allow_pickle=False) as kept:
        return kept["frontal"], kept["lateral"], json.loads(str(kept["content"])), kept["masks"]


def phantom_seeds(count: int, hard: int) -> list[int]:
    """The seeds of a training's phantoms: the first `count`, and the next `hard` that have a finding of HARD_KINDS."""
    further = (
        seed
        for seed in itertools.count(PHANTOM_SEED + count)
        if any(wanted.name in HARD_KINDS for wanted in draw(seed))
    )
    return [*range(PHANTOM_SEED, PHANTOM_SEED + count), *itertools.islice(further, hard)]


def phantom_examples(
    seeds: Iterable[int],
    store: PictureStore,
    targets: Targets,
    cache: Path | None,
    study: Callable[[int, Path | None], PhantomStudy] = phantom_study,
) -> list[Example]:
    """Render phantom studies into the store; returns their Examples.

    Args:
        seeds: of `phantom_seeds`.
        store: PictureStore.
        targets: Targets.
        cache: folder that keeps them for next time; None keeps nothing.
        study: what gives the phantom of a seed; a pack has its own.
    """
    examples = []
    for seed in seeds:
        frontal, lateral, content, masks = study(seed, cache)
        words = content["impression"].split()
        places: dict[int, np.ndarray] = {}
        for finding, mask in zip(content["findings"], masks):
            for word in finding["words"]:
                if word in words:
                    place = words.index(word)
                    places[place] = places[place] | mask if place in places else mask
        examples.append(
            Example(
                f"phantom {seed}",
                (store.add(frontal),),
                (store.add(lateral),),
                content["impression"],
                targets.encode(content["mesh"], content["impression"]),
                places,
                labels_of_phantom(_planted(content, masks), content["impression"]),
            )
        )
    return examples


def _planted(content: PhantomContent, masks: np.ndarray) -> list[tuple[str, str | None, str | None, np.ndarray]]:
    return [(each["name"], each["side"], each["zone"], mask) for each, mask in zip(content["findings"], masks)]
