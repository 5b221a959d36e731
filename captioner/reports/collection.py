"""The Indiana University chest X-ray collection: reports and pictures read from disk.

Both forms in which people hold the collection are read: the two-CSV release (`indiana_reports.csv`,
`indiana_projections.csv`) and the original XML release (`ecgen-radiology/*.xml`). Source: Demner-Fushman et al.,
"Preparing a collection of radiology examinations for distribution and retrieval", JAMIA 2016.
"""

import hashlib
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioner.errors import BadInput
from captioner.reports.cleaning import clean
from captioner.reports.csv_table import table_rows

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".dcm")
REPORT_COLUMNS = ("uid", "MeSH", "Problems", "findings", "impression")
PROJECTION_COLUMNS = ("uid", "filename", "projection")
SECTIONS = ("indication", "comparison", "findings", "impression")
SEXES = {"F": {"female", "woman", "lady", "girl"}, "M": {"male", "man", "gentleman", "boy"}}
MAX_XML_BYTES = 1 << 20  # the collection's largest report has 12 KiB


@dataclass(frozen=True)
class Report:
    """One study of the collection.

    Attributes:
        uid: the collection's number of the study, as text.
        impression: the cleaned impression, words and full stops, never empty.
        findings: the cleaned findings section, may be empty.
        problems: the `Problems` column (the MeSH headings alone), such as `("Cardiomegaly", "Opacity")`; `("normal",)`.
        mesh: the `MeSH` column, heading and qualifiers joined by slashes, such as `("Opacity/lung/upper lobe/right",)`.
        frontal: the files of the frontal pictures, in the order of their names.
        lateral: the files of the lateral pictures. One of the two is never empty.
        sex: "F" or "M" where the indication names it; "" elsewhere.
    """

    uid: str
    impression: str
    findings: str
    problems: tuple[str, ...]
    mesh: tuple[str, ...]
    frontal: tuple[Path, ...]
    lateral: tuple[Path, ...]
    sex: str = ""


@dataclass(frozen=True)
class Collection:
    """The studies that have an impression and a picture, and a count of those that do not.

    Attributes:
        reports: sorted by uid.
        dropped: reason -> number of studies dropped for it.
        form: "csv" or "xml", which of the two releases was read.
    """

    reports: tuple[Report, ...]
    dropped: dict[str, int]
    form: str

    def split(self, name: str) -> tuple[Report, ...]:
        """The reports of split "train", "val" or "test"; the same for the same uid everywhere."""
        return tuple(report for report in self.reports if split_of(report.uid) == name)

    def summary(self) -> str:
        """One sentence that counts aloud what was kept and what was dropped."""
        lost = ", ".join(f"{count} {reason}" for reason, count in sorted(self.dropped.items())) or "none"
        return f"{len(self.reports)} studies kept; dropped: {lost}."


def split_of(uid: str) -> str:
    """The split a study belongs to: "train" (80%), "val" (10%) or "test" (10%), by a hash of its uid alone."""
    bucket = int(hashlib.sha256(f"iu-xray {uid}".encode()).hexdigest(), 16) % 10
    return "val" if bucket == 0 else "test" if bucket == 1 else "train"


def read_collection(folder: str | Path) -> Collection:
    """Read the collection in whichever form `folder` holds it; the CSV form is taken when both are there.

    Args:
        folder: for the CSV form the two CSV files with the pictures anywhere below; for the XML form the `.xml` files
            anywhere below, and the pictures too.

    Returns:
        Collection.

    Raises:
        BadInput: no such folder, neither form in it, or a damaged file, named in the message.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder that holds the collection.")
    pictures = _index_pictures(folder)
    if (folder / "indiana_reports.csv").is_file():
        return _from_csv(folder, pictures)
    files = sorted(folder.rglob("*.xml"))
    if files:
        return _from_xml(files, pictures)
    raise BadInput(f"{folder} holds neither indiana_reports.csv nor the XML reports of the collection.")


def read_sections(folder: str | Path) -> list[tuple[str, dict[str, str]]]:
    """The sections of every report as they were written, the dropped ones too: to look at, not to train on.

    Args:
        folder: as `read_collection`.

    Returns:
        list of `(uid, sections)` in the order of the files; `sections` maps each of `SECTIONS` to its text, "" where
        the report lacks it.

    Raises:
        BadInput: as `read_collection`.
    """
    folder = Path(folder)
    if (folder / "indiana_reports.csv").is_file():
        written = [(row["uid"], row) for row in _rows(folder / "indiana_reports.csv", REPORT_COLUMNS)]
    else:
        roots = [(path, _parse(path)) for path in sorted(folder.rglob("*.xml"))]
        written = [(_uid(root, path), _sections(root)) for path, root in roots]
    return [(uid, {name: sections.get(name, "").strip() for name in SECTIONS}) for uid, sections in written]


def _index_pictures(folder: Path) -> dict[str, Path]:
    """stem -> file of all pictures below `folder`, without the `CXR` and the repeated number of the XML release."""
    pictures: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICTURE_ENDINGS and path.is_file():
            pictures.setdefault(_stem(path.name), path)
    return pictures


def _stem(name: str) -> str:
    """The name by which both releases know a picture: `CXR1_1_IM-0001-3001.png` -> `1_IM-0001-3001`."""
    stem = re.sub(r"(\.dcm)?\.[a-z]+$", "", Path(name).name, flags=re.IGNORECASE)
    return re.sub(r"^(?:CXR)?(\d+)_(?:\d+_)?(?=IM-)", r"\1_", stem)


def _from_csv(folder: Path, pictures: dict[str, Path]) -> Collection:
    projections: dict[str, dict[str, list[Path]]] = {}
    for row in _rows(folder / "indiana_projections.csv", PROJECTION_COLUMNS):
        views = projections.setdefault(row["uid"], {"Frontal": [], "Lateral": []})
        if row["projection"] not in views:
            raise BadInput(f"indiana_projections.csv calls {row['filename'][:60]} neither Frontal nor Lateral.")
        path = pictures.get(_stem(row["filename"]))
        if path is not None:
            views[row["projection"]].append(path)
    studies = []
    for row in _rows(folder / "indiana_reports.csv", REPORT_COLUMNS):
        views = projections.get(row["uid"], {"Frontal": [], "Lateral": []})
        studies.append(
            (
                row["uid"],
                row["impression"],
                row["findings"],
                _terms(row["Problems"]),
                _terms(row["MeSH"]),
                views["Frontal"],
                views["Lateral"],
                sex_named(row.get("indication") or ""),
            )
        )
    return _collect(studies, "csv")


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of one of the collection's CSV files; refuses a line with more fields than the header has."""
    for line, row in table_rows(path, columns):
        if None in row:
            raise BadInput(f"{path.name} has too many fields in line {line}.")
        yield row


def _terms(column: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in column.split(";") if term.strip())


def _from_xml(files: Sequence[Path], pictures: dict[str, Path]) -> Collection:
    studies = []
    for path in files:
        root = _parse(path)
        uid, sections = _uid(root, path), _sections(root)
        mesh = tuple(node.text.strip() for node in root.findall("MeSH/major") if node.text)
        problems = tuple(term.split("/")[0] for term in mesh)
        frontal: list[Path] = []
        lateral: list[Path] = []
        for node in root.iter("parentImage"):
            picture = pictures.get(_stem(node.get("id", "") + ".png"))
            if picture is not None:
                (frontal if _is_frontal(picture) else lateral).append(picture)
        written = sections.get("impression", ""), sections.get("findings", "")
        studies.append((uid, *written, problems, mesh, frontal, lateral, sex_named(sections.get("indication", ""))))
    return _collect(studies, "xml")


def sex_named(indication: str) -> str:
    """F or M where an indication names the patient's sex; an empty text where it names none, or both.

    >>> sex_named("56-year-old XXXX female with cough"), sex_named("male with dyspnea"), sex_named("chest pain")
    ('F', 'M', '')
    """
    words = set(re.findall("[a-z]+", indication.lower()))
    named = [sex for sex, names in SEXES.items() if words & names]
    return named[0] if len(named) == 1 else ""


def _uid(root: ElementTree.Element, path: Path) -> str:
    node = root.find("uId")
    uid = (node.get("id", "") if node is not None else "").removeprefix("CXR")
    if not uid.isdigit():
        raise BadInput(f"{path.name} has no uId of the form CXR<number>.")
    return uid


def _sections(root: ElementTree.Element) -> dict[str, str]:
    """Section -> text of one XML report, under the names that the CSV release uses."""
    return {node.get("Label", "").lower(): node.text or "" for node in root.iter("AbstractText")}


def _parse(path: Path) -> ElementTree.Element:
    try:
        if path.stat().st_size > MAX_XML_BYTES:
            raise BadInput(f"{path.name} is too large for a report.")
        content = path.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise BadInput(f"{path.name} declares entities, which no report of the collection does.")
        return ElementTree.fromstring(content)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path.name} is not a readable XML report: {error}.") from error


def _is_frontal(path: Path) -> bool:
    """The XML release does not say which view a picture is: the picture itself is asked."""
    from captioner.images.study import read_view
    from captioner.images.view_classifier import lateral_probability

    return lateral_probability(read_view(path).pixels) < 0.5


def _collect(studies: Any, form: str) -> Collection:
    reports: list[Report] = []
    dropped: Counter[str] = Counter()
    seen: set[str] = set()
    for uid, impression, findings, problems, mesh, frontal, lateral, sex in studies:
        caption = clean(impression)
        if uid in seen:
            dropped["repeated"] += 1
        elif not re.search("[a-z]", caption):
            dropped["without an impression"] += 1
        elif not frontal and not lateral:
            dropped["without a picture"] += 1
        else:
            seen.add(uid)
            views = tuple(sorted(frontal)), tuple(sorted(lateral))
            reports.append(Report(uid, caption, clean(findings), problems, mesh, *views, sex))
    reports.sort(key=lambda report: (len(report.uid), report.uid))
    return Collection(tuple(reports), dict(dropped), form)
