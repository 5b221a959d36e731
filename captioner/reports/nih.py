"""Pictures, labels and boxes of NIH ChestX-ray14, in the layout of its release or in one table.

Source: Wang et al., "ChestX-ray8", CVPR 2017 (arXiv 1705.02315), https://nihcc.app.box.com/v/ChestXray-NIHCC. The
release may be used without restriction when the link is given, the paper is cited and the NIH Clinical Center is
acknowledged.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from captioner.errors import BadInput
from captioner.reports.csv_table import table_rows

BOX_FILE, TABLE = "BBox_List_2017.csv", "labels.csv"
LABELS = (
    "atelectasis",
    "cardiomegaly",
    "consolidation",
    "edema",
    "effusion",
    "emphysema",
    "fibrosis",
    "hernia",
    "infiltration",
    "mass",
    "nodule",
    "pleural thickening",
    "pneumonia",
    "pneumothorax",
)
NORMAL = "normal"
RELEASE_NAMES = {"infiltrate": "infiltration", "no finding": NORMAL, "pleural_thickening": "pleural thickening"}
RELEASE_COLUMNS = ("Image Index", "Finding Labels", "Patient ID", "View Position")
BOX_COLUMNS = ("Image Index", "Finding Label")
RELEASE_SIZE = 1024  # pixels of the release's pictures each way, which its boxes are given in
TABLE_COLUMNS = ("image", "view", "position", "patient", "labels", "boxes", "device_by_eye")
ENDINGS = (".png", ".jpg", ".jpeg")
SPLITS = ("train", "val", "test")
_ROUNDING = 0.001  # by how much a box may reach over the picture's edge


@dataclass(frozen=True)
class Box:
    """What a radiologist drew: shares of the picture's width and height from its top left corner.

    Attributes:
        label: one of LABELS.
        left, top, right, bottom: 0 to 1.
    """

    label: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class LabelledPicture:
    """One frontal picture of the collection.

    Attributes:
        name: of its file, without the ending.
        patient: the collection's number of the patient, as text.
        path: of its file.
        labels: frozenset of LABELS, or of "normal" (none of them was named); empty when nothing is known.
        boxes: tuple of Box.
        device: whether somebody saw a device; None when nobody looked.
        position: "PA" or "AP"; empty when not known.
        age: in years; None when not known.
        sex: "F" or "M"; empty when not known.
        sides: frozenset of "left" and "right", the patient's, that the table names; empty when it names none.
    """

    name: str
    patient: str
    path: Path
    labels: frozenset[str]
    boxes: tuple[Box, ...]
    device: bool | None
    position: str = ""
    age: int | None = None
    sex: str = ""
    sides: frozenset[str] = frozenset()


def is_nih(folder: Path) -> bool:
    """Whether a folder holds this collection, in either layout."""
    folder = Path(folder)
    return (folder / TABLE).is_file() or any(folder.glob("Data_Entry_2017*.csv"))


def read_nih(folder: str | Path) -> tuple[LabelledPicture, ...]:
    """The frontal pictures of the collection that are there, sorted by name.

    Read are the release (`Data_Entry_2017*.csv`, `BBox_List_2017.csv`, `images*/` with or without `images/` in it), or
    one table `labels.csv` beside `images/`, whose boxes are shares of the picture: `x0,y0,x1,y1 label;...`.

    Raises:
        BadInput: no such table, a table that cannot be read, or no picture.
    """
    folder = Path(folder)
    if (folder / TABLE).is_file():
        pictures = _of_table(folder)
    else:
        entries = sorted(folder.glob("Data_Entry_2017*.csv"))
        if not entries:
            raise BadInput(f"{folder} holds no Data_Entry_2017*.csv and no {TABLE}.")
        pictures = _of_release(folder, entries[0])
    if not pictures:
        raise BadInput(f"{folder} has a table of labels, but none of its pictures.")
    return tuple(sorted(pictures, key=lambda picture: picture.name))


def split_of_patient(patient: str) -> str:
    """The split of a patient: "train" (60%), "val" (20%) or "test" (20%), by a hash of its number alone."""
    bucket = int(hashlib.sha256(f"nih-cxr {patient}".encode()).hexdigest(), 16) % 10
    return "train" if bucket < 6 else "val" if bucket < 8 else "test"


def _of_table(folder: Path) -> list[LabelledPicture]:
    files = _files(folder)
    pictures = []
    for _, row in table_rows(folder / TABLE, TABLE_COLUMNS):
        path = files.get(Path(row["image"]).stem)
        if path is None or row["view"].strip().lower() == "lateral":
            continue
        boxes = tuple(_share_box(text, row["image"]) for text in row["boxes"].split(";") if text.strip())
        # Clips are devices to the labeller of impressions; leads that only lie on the skin are not worth a word.
        seen = {"yes": True, "clips": True, "no": False}.get(row["device_by_eye"].strip().lower())
        patient, labels = row["patient"].strip(), _labels(row["labels"].split(";"))
        sides = frozenset({"left", "right"} & set(row.get("side", "").lower().replace(";", " ").split()))
        who = row["position"].strip().upper(), _age(row.get("age", "")), row.get("sex", "").strip().upper()
        pictures.append(LabelledPicture(path.stem, patient, path, labels, boxes, seen, *who, sides))
    return pictures


def _of_release(folder: Path, entries: Path) -> list[LabelledPicture]:
    files = _files(folder)
    boxes: dict[str, list[dict[str, str]]] = {}
    if (folder / BOX_FILE).is_file():
        for _, row in table_rows(folder / BOX_FILE, BOX_COLUMNS):
            boxes.setdefault(row["Image Index"].strip(), []).append(row)
    pictures = []
    for _, row in table_rows(entries, RELEASE_COLUMNS):
        name = row["Image Index"].strip()
        path = files.get(Path(name).stem)
        if path is None:
            continue
        drawn = tuple(_pixel_box(each) for each in boxes.get(name, ()))
        patient, labels = row["Patient ID"].strip(), _labels(row["Finding Labels"].split("|"))
        sex = row.get("Patient Gender", row.get("Patient Sex", "")).strip().upper()
        who = row["View Position"].strip().upper(), _age(row.get("Patient Age", "")), sex
        pictures.append(LabelledPicture(path.stem, patient, path, labels, drawn, None, *who))
    return pictures


def _files(folder: Path) -> dict[str, Path]:
    """Stem -> file of every picture in `images*/`, at any depth."""
    return {
        path.stem: path
        for place in folder.glob("images*")
        if place.is_dir()
        for path in sorted(place.rglob("*"))
        if path.suffix.lower() in ENDINGS
    }


def _labels(names: Iterable[str]) -> frozenset[str]:
    known = {RELEASE_NAMES.get(name.strip().lower(), name.strip().lower()) for name in names}
    return frozenset(known & {*LABELS, NORMAL})


def _age(text: str) -> int | None:
    """Years, as the tables write them: "58", or "058Y" in the release's first edition."""
    digits = text.strip().upper().removesuffix("Y")
    return int(digits) if digits.isdecimal() else None


def _share_box(text: str, name: str) -> Box:
    """`x0,y0,x1,y1 label` as a Box."""
    try:
        edges, label = text.strip().split(" ", 1)
        left, top, right, bottom = (float(edge) for edge in edges.split(","))
    except ValueError:
        raise BadInput(f"{TABLE} has a box of {name} that is not four numbers and a label: {text[:60]!r}.") from None
    return _checked(Box(_box_label(label, name), left, top, right, bottom), name)


def _pixel_box(row: Mapping[str, str]) -> Box:
    """A row of the release's table of boxes as a Box."""
    name = row["Image Index"]
    # The release heads its four columns "Bbox [x", "y", "w", "h]", and leaves empty ones after them.
    numbers = [
        value for column, value in row.items() if column not in BOX_COLUMNS and isinstance(value, str) and value.strip()
    ]
    try:
        x, y, width, height = (float(value) for value in numbers[:4])
    except ValueError:
        raise BadInput(f"{BOX_FILE} has a box of {name} that is not four numbers.") from None
    edges = (edge / RELEASE_SIZE for edge in (x, y, x + width, y + height))
    return _checked(Box(_box_label(row["Finding Label"], name), *edges), name)


def _box_label(text: str, name: str) -> str:
    label = RELEASE_NAMES.get(text.strip().lower(), text.strip().lower())
    if label not in LABELS:
        raise BadInput(f"A box of {name} has the label {text[:40]!r}, which is none of the collection's.")
    return label


def _checked(drawn: Box, name: str) -> Box:
    if not (0 <= drawn.left < drawn.right <= 1 + _ROUNDING and 0 <= drawn.top < drawn.bottom <= 1 + _ROUNDING):
        raise BadInput(f"A box of {name} does not lie in its picture.")
    return drawn
