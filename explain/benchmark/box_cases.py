"""Findings that radiologists boxed on frontal pictures, each with the sentence that is read to the model for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from captioner.errors import BadInput
from captioner.reports.nih import LabelledPicture, split_of_patient

if TYPE_CHECKING:
    from captioner.reports.nih import Box

SIZE = 256  # pixels along a mask's side
SENTENCES = {
    "atelectasis": "atelectasis .",
    "effusion": "pleural effusion .",
    "cardiomegaly": "cardiomegaly .",
    "infiltration": "infiltrate .",
    "pneumonia": "pneumonia .",
    "pneumothorax": "pneumothorax .",
    "mass": "mass .",
    "nodule": "nodule .",
}
"""Label of a box -> the sentence; the word on trial is the one before the full stop."""
SPREAD = 1 / 16  # standard deviation that training boxes are blurred by, as a share of the picture's side


@dataclass(frozen=True, eq=False)
class BoxCase:
    """One finding of one picture.

    Attributes:
        picture, patient: names.
        path: of the frontal picture; it is given without a lateral.
        finding: a key of SENTENCES.
        mask: bool `(SIZE, SIZE)`, all boxes of that finding.
    """

    picture: str
    patient: str
    path: Path
    finding: str
    mask: np.ndarray

    @property
    def sentence(self) -> str:
        return SENTENCES[self.finding]

    @property
    def position(self) -> int:
        """The place of the finding's word in the sentence."""
        return len(self.sentence.split()) - 2


def box_cases(pictures: tuple[LabelledPicture, ...], split: str) -> list[BoxCase]:
    """The boxed findings of one split's patients.

    Args:
        pictures: of `captioner.reports.nih.read_nih`.
        split: "train", "val" or "test", of `captioner.reports.nih.split_of_patient`.

    Raises:
        BadInput: the split has none.
    """
    found = []
    for picture in pictures:
        if split_of_patient(picture.patient) != split:
            continue
        for finding in SENTENCES:
            boxes = [box for box in picture.boxes if box.label == finding]
            if boxes:
                mask = np.zeros((SIZE, SIZE), bool)
                for box in boxes:
                    mask |= box_mask(box)
                found.append(BoxCase(picture.name, picture.patient, picture.path, finding, mask))
    if not found:
        raise BadInput(f"No patient of the split {split} has a boxed finding.")
    return found


def box_mask(box: Box) -> np.ndarray:
    """A `captioner.reports.nih.Box` as bool `(SIZE, SIZE)`; a box that is narrower than a pixel still has one."""
    top, left = (min(int(round(edge * SIZE)), SIZE - 1) for edge in (box.top, box.left))
    mask = np.zeros((SIZE, SIZE), bool)
    mask[top : max(int(round(box.bottom * SIZE)), top + 1), left : max(int(round(box.right * SIZE)), left + 1)] = True
    return mask


def usual_places(cases: list[BoxCase]) -> dict[str, np.ndarray]:
    """How often each place is boxed for each finding, a map that never saw the picture it is asked about.

    Args:
        cases: of training patients.

    Returns:
        dict from a finding to float32 `(SIZE, SIZE)`: the mean of its masks, blurred by SPREAD so that a few boxes
        that happen to overlap make no peak.
    """
    found = {}
    for finding in dict.fromkeys(case.finding for case in cases):
        mean: Any = np.mean([case.mask for case in cases if case.finding == finding], axis=0, dtype=np.float32)
        found[finding] = cv2.GaussianBlur(mean, (0, 0), SPREAD * SIZE, borderType=cv2.BORDER_CONSTANT)
    return found
