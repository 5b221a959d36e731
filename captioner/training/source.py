"""What a training reads: reports with pictures, labelled pictures, or both, each with its own split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.errors import BadInput
from captioner.reports.collection import read_collection
from captioner.reports.nih import is_nih, read_nih, split_of_patient
from captioner.training.examples import PhantomStudy, box_captions, file_pixels, phantom_study

if TYPE_CHECKING:
    import numpy as np

    from captioner.reports.collection import Report
    from captioner.reports.nih import LabelledPicture

SPLITS = ("train", "val")


@dataclass(frozen=True)
class Source:
    """The data of a training.

    Attributes:
        name: how messages name it.
        reports: split -> reports of the Indiana collection.
        pictures: split -> labelled pictures of NIH ChestX-ray14; empty without that collection.
        summary: one sentence per collection.
        pixels: reads the pixels of one of its pictures, uint8 `(rows, columns)`.
        phantom: gives the phantom of a seed, as `captioner.training.examples.phantom_study`.
    """

    name: str
    reports: Mapping[str, Sequence[Report]]
    pictures: Mapping[str, Sequence[LabelledPicture]]
    summary: str
    pixels: Callable[[Path], np.ndarray] = file_pixels
    phantom: Callable[[int, Path | None], PhantomStudy] = phantom_study

    def box_captions(self) -> list[str]:
        """The sentences that boxes are written as, for the vocabulary."""
        return box_captions(self.pictures["train"])


def read_source(data: str | Path | Sequence[str | Path], limit: int | None = None) -> Source:
    """Read one folder or several, at most one of each collection; or one file of `captioner.training.pack`.

    Args:
        data: folder, list of folders, or file.
        limit: take the first studies and pictures of each split only.

    Raises:
        BadInput: a folder holds neither collection, two hold the same, or no reports are there.
    """
    folders = [Path(folder) for folder in ([data] if isinstance(data, str | Path) else data)]
    if len(folders) == 1 and folders[0].is_file():
        from captioner.training.pack import read_pack  # which reads folders with this module

        return read_pack(folders[0], limit)
    reports: dict[str, Sequence[Report]] | None = None
    pictures: dict[str, Sequence[LabelledPicture]] | None = None
    said = []
    for folder in folders:
        if is_nih(folder):
            if pictures is not None:
                raise BadInput(f"{folder} is the second collection of labelled pictures; one is taken.")
            read = read_nih(folder)
            pictures = {
                name: tuple(picture for picture in read if split_of_patient(picture.patient) == name)[:limit]
                for name in SPLITS
            }
            boxes = sum(len(picture.boxes) for picture in read)
            said.append(f"{len(read)} labelled pictures with {boxes} boxes.")
        else:
            if reports is not None:
                raise BadInput(f"{folder} is the second collection of reports; one is taken.")
            collection = read_collection(folder)
            reports = {name: collection.split(name)[:limit] for name in SPLITS}
            said.append(collection.summary())
    if reports is None:
        raise BadInput(f"{folders[0]} holds no reports to learn impressions from.")
    return Source(folders[0].name, reports, pictures or dict.fromkeys(SPLITS, ()), " ".join(said))
