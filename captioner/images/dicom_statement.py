"""What a DICOM file says of its picture, beside the pixels: modality, body part, view, orientation, burnt-in letters.

A file's own word is believed before any judgement of its pixels. Only the defined terms below are taken from it, so
that nothing that a department wrote into a field (a name, a note) can reach a message. References are to the DICOM
standard: PS3.3 C.7.3.1 (modality), C.8.11.1 (view position), C.7.6.1.1.1 (patient orientation) and C.7.6.1 (burnt-in
annotation); PS3.16 annex L (body parts).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import pydicom

from captioner.images.dicom_study import digest
from captioner.images.limits import decoding
from captioner.sentence import Sentence

TAGS = ("Modality", "BodyPartExamined", "ViewPosition", "PatientOrientation", "BurnedInAnnotation", "StudyInstanceUID")
LONGEST = 64  # bytes of an element
RADIOGRAPHS = ("CR", "DX", "DR")
OTHER_MODALITIES = {
    "CT": Sentence("a CT picture"),
    "MR": Sentence("an MR picture"),
    "US": Sentence("an ultrasound picture"),
    "MG": Sentence("a mammography picture"),
    "NM": Sentence("a nuclear medicine picture"),
    "PT": Sentence("a PET picture"),
    "IO": Sentence("a dental X-ray picture"),
    "PX": Sentence("a dental X-ray picture"),
    "XA": Sentence("an angiography picture"),
    "ES": Sentence("an endoscopy picture"),
    "OP": Sentence("an ophthalmology picture"),
    "ECG": Sentence("an ECG picture"),
}
CHEST = ("CHEST", "THORAX", "LUNG", "RIB", "RIBS", "STERNUM", "HEART", "PORT CHEST")
OTHER_PARTS = {
    *("ABDOMEN", "ANKLE", "ARM", "BREAST", "CALCANEUS", "CSPINE", "ELBOW", "EXTREMITY", "FEMUR", "FINGER", "FOOT"),
    *("FOREARM", "HAND", "HEAD", "HIP", "HUMERUS", "JAW", "KNEE", "LEG", "LSPINE", "NECK", "PELVIS", "SHOULDER"),
    *("SKULL", "SSPINE", "THUMB", "TOE", "WRIST"),
}
PART_WORDS = {
    "CSPINE": "cervical spine",
    "LSPINE": "lumbar spine",
    "SSPINE": "sacral spine",
}
FRONTAL_VIEWS, LATERAL_VIEWS = ("AP", "PA"), ("LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT")


@dataclass(frozen=True)
class Statement:
    """What a file says; None where it says nothing, or nothing that is known here.

    Attributes:
        modality: one of RADIOGRAPHS or a key of OTHER_MODALITIES.
        body_part: one of CHEST or of OTHER_PARTS.
        view: "frontal" or "lateral".
        row, column: to which side of the patient (one of A, P, L, R, H, F) a row runs to the right, and a column down.
        letters: whether something is written into the picture.
        study: 16 digits that tell the files of one study from those of another, and nothing else: a digest of its
            identifier.
    """

    modality: str | None = None
    body_part: str | None = None
    view: str | None = None
    row: str | None = None
    column: str | None = None
    letters: bool = False
    study: str | None = None

    @property
    def is_chest_radiograph(self) -> bool:
        """Whether the file says that it is one."""
        return self.modality in RADIOGRAPHS and self.body_part in CHEST

    @property
    def is_upright(self) -> bool:
        """Whether the file says that the patient's head is at the top of the picture."""
        return self.column == "F" and self.row in ("L", "R", "A", "P")

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it; `Statement(**...)` reads it back."""
        return asdict(self)


def statement(data: bytes, name: str) -> Statement:
    """What the DICOM file with these bytes says of its picture.

    Raises:
        BadInput: it cannot be read.
    """
    with decoding(name):
        dataset = pydicom.dcmread(BytesIO(data), force=True, specific_tags=list(TAGS), stop_before_pixels=True)
        words = {keyword: _words(dataset, keyword) for keyword in TAGS}
    modality, part, view = (
        _known(words[keyword], terms)
        for keyword, terms in (
            ("Modality", (*RADIOGRAPHS, *OTHER_MODALITIES)),
            ("BodyPartExamined", (*CHEST, *OTHER_PARTS)),
            ("ViewPosition", (*FRONTAL_VIEWS, *LATERAL_VIEWS)),
        )
    )
    row, column = None, None
    if len(words["PatientOrientation"]) == 2:
        # Of an oblique direction ("LF") the first letter weighs most.
        row, column = (each[:1] if each[:1] in tuple("APLRHF") else None for each in words["PatientOrientation"])
    return Statement(
        modality,
        part,
        None if view is None else "frontal" if view in FRONTAL_VIEWS else "lateral",
        row,
        column,
        words["BurnedInAnnotation"] == ["YES"],
        digest(words["StudyInstanceUID"][0]) if words["StudyInstanceUID"] else None,
    )


def doubts(said: Statement, name: str) -> tuple[str, ...]:
    """Sentences about a picture that its own file calls something else than an upright chest X-ray.

    Args:
        said: what the file says.
        name: "frontal" or "lateral", what it was given as.
    """
    sentences, view = [], Sentence(name)
    if said.modality in OTHER_MODALITIES:
        sentences.append(
            Sentence(
                "The file of the {name} picture says that it is {kind}: the impression may mean nothing.",
                name=view,
                kind=OTHER_MODALITIES[said.modality],
            )
        )
    elif said.body_part in OTHER_PARTS:
        sentences.append(
            Sentence(
                "The file of the {name} picture says that it shows another part of the body ({part}): the impression "
                "may mean nothing.",
                name=view,
                part=Sentence(PART_WORDS.get(said.body_part, said.body_part.lower())),
            )
        )
    if said.column == "H":
        sentences.append(
            Sentence("The file of the {name} picture says that it is upside down: turn it by 180 degrees.", name=view)
        )
    elif said.row in ("H", "F"):
        sentences.append(
            Sentence("The file of the {name} picture says that it lies on its side: turn it by 90 degrees.", name=view)
        )
    elif name == "frontal" and said.row == "R" and said.column == "F":
        sentences.append(
            Sentence(
                "The file of the frontal picture says that the patient's right is at the right of the picture: mirror "
                "it, or left and right change places in the impression."
            )
        )
    return tuple(sentences)


def of_two_studies(said: Iterable[Statement]) -> bool:
    """Whether files say that they belong to different studies; where one does not say to which, they do not."""
    return len({each.study for each in said if each.study is not None}) > 1


def mending(said: Statement, name: str) -> str | None:
    """The way, of `captioner.images.mending.WAYS`, that would mend how the file says that its picture lies."""
    if said.column == "H":
        return "turn over"
    if said.row in ("H", "F"):
        return "turn left" if said.row == "H" else "turn right"  # the head is at the right, or at the left
    return "mirror" if name == "frontal" and said.row == "R" and said.column == "F" else None


def letters_sentence(said: Statement, name: str) -> str | None:
    """A warning of letters in the picture, which may be the patient's name; None where the file says nothing."""
    if not said.letters:
        return None
    return Sentence(
        "The file of the {name} picture says that letters are burnt into it: see that they do not name the patient "
        "before you show it to anybody.",
        name=Sentence(name),
    )


def _words(dataset: pydicom.Dataset, keyword: str) -> list[str]:
    """The values of an element as capitals without blanks at the ends; none for an empty or an overlong one."""
    element = dataset.get_item(keyword)
    if element is None or (getattr(element, "length", None) or 0) > LONGEST:
        return []  # no such field is as long, and a million values would take seconds to part
    value = dataset.get(keyword)
    if value is None or value == "":
        return []
    values = [value] if isinstance(value, str) else list(value)
    return [str(each).strip().upper() for each in values]


def _known(words: list[str], terms: tuple[str, ...]) -> str | None:
    return words[0] if len(words) == 1 and words[0] in terms else None
