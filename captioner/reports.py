"""The Indiana University chest X-ray collection: reports and pictures read from disk, impressions cleaned to captions.

Both forms in which people hold the collection are read: the two-CSV release (`indiana_reports.csv`,
`indiana_projections.csv`) and the original XML release (`ecgen-radiology/*.xml`). Source: Demner-Fushman et al.,
"Preparing a collection of radiology examinations for distribution and retrieval", JAMIA 2016.
"""

import hashlib
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from captioner.errors import BadInput
from captioner.table import table_rows

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".dcm")
REPORT_COLUMNS = ("uid", "MeSH", "Problems", "findings", "impression")
PROJECTION_COLUMNS = ("uid", "filename", "projection")
SECTIONS = ("indication", "comparison", "findings", "impression")
MOST_XML_BYTES = 1 << 20  # the collection's largest report has 12 KiB


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
    """

    uid: str
    impression: str
    findings: str
    problems: tuple[str, ...]
    mesh: tuple[str, ...]
    frontal: tuple[Path, ...]
    lateral: tuple[Path, ...]


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

    def split(self, name):
        """The reports of split "train", "val" or "test"; the same for the same uid everywhere."""
        return tuple(report for report in self.reports if split_of(report.uid) == name)

    def summary(self):
        """One sentence that counts aloud what was kept and what was dropped."""
        lost = ", ".join(f"{count} {reason}" for reason, count in sorted(self.dropped.items())) or "none"
        return f"{len(self.reports)} studies kept; dropped: {lost}."


def split_of(uid):
    """The split a study belongs to: "train" (80%), "val" (10%) or "test" (10%), by a hash of its uid alone."""
    bucket = int(hashlib.sha256(f"iu-xray {uid}".encode()).hexdigest(), 16) % 10
    return "val" if bucket == 0 else "test" if bucket == 1 else "train"


_WHOLE_CONTRACTIONS = {"won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not"}
_ENDINGS = (("n't", " not"), ("'re", " are"), ("'ll", " will"), ("'ve", " have"), ("'m", " am"), ("'d", " would"))
_IS = re.compile(r"\b(it|there|that|this|what|he|she|who|where|here)'s\b")
_WHOLE = re.compile(r"\b(" + "|".join(_WHOLE_CONTRACTIONS) + r")\b")
_REMOVED_FOR_PRIVACY = re.compile(r"[a-z0-9'-]*x{4,}[a-z0-9'-]*")
# "1. " or "2) " at the start or after a full stop numbers a list; "1.5 cm" does not.
_NUMBERING = re.compile(r"(^|[.:;]|\s)\s*\(?\d{1,2}[.)](?=\s|[a-z]|$)")
_WITH_DIGIT = re.compile(r"[a-z-]*\d[a-z0-9-]*(?:[.,/:]\d+)*")
_NOT_WORDS = re.compile(r"[^a-z.]+")


def clean(text):
    """A report's section as a caption: lower-case words and full stops, separated by single spaces.

    `XXXX` (what was removed for privacy), list numbering, digits and the tokens that hold them, and all other marks
    go; contractions are opened; runs of full stops become one and none stands first.

    >>> clean("1. No XXXX effusion, can't exclude 2.5 cm nodule.  2. Well-expanded lungs..")
    'no effusion can not exclude cm nodule . well expanded lungs .'
    """
    text = text.lower().replace("’", "'")
    text = _REMOVED_FOR_PRIVACY.sub(" ", text)
    text = _NUMBERING.sub(r"\1 ", text)
    text = _WHOLE.sub(lambda match: _WHOLE_CONTRACTIONS[match.group()], text)
    text = _IS.sub(r"\1 is", text)
    for ending, opened in _ENDINGS:
        text = text.replace(ending, opened)
    text = text.replace("'s", "")  # a possessive: "patient's"
    text = _WITH_DIGIT.sub(" ", text)
    text = _NOT_WORDS.sub(" ", text).replace(".", " . ")
    tokens = []
    for token in text.split():
        if token != "." or (tokens and tokens[-1] != "."):
            tokens.append(token)
    return " ".join(tokens)


def read_collection(folder):
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


def read_sections(folder):
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


def _index_pictures(folder):
    """stem -> file of all pictures below `folder`, without the `CXR` and the repeated number of the XML release."""
    pictures = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in PICTURE_ENDINGS and path.is_file():
            pictures.setdefault(_stem(path.name), path)
    return pictures


def _stem(name):
    """The name by which both releases know a picture: `CXR1_1_IM-0001-3001.png` -> `1_IM-0001-3001`."""
    stem = re.sub(r"(\.dcm)?\.[a-z]+$", "", Path(name).name, flags=re.IGNORECASE)
    return re.sub(r"^(?:CXR)?(\d+)_(?:\d+_)?(?=IM-)", r"\1_", stem)


def _from_csv(folder, pictures):
    projections = {}
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
        studies.append((row["uid"], row["impression"], row["findings"], _terms(row["Problems"]), _terms(row["MeSH"]),
                        views["Frontal"], views["Lateral"]))
    return _collect(studies, "csv")


def _rows(path, columns):
    """The rows of one of the collection's CSV files; refuses a line with more fields than the header has."""
    for line, row in table_rows(path, columns):
        if None in row:
            raise BadInput(f"{path.name} has too many fields in line {line}.")
        yield row


def _terms(column):
    return tuple(term.strip() for term in column.split(";") if term.strip())


def _from_xml(files, pictures):
    studies = []
    for path in files:
        root = _parse(path)
        uid, sections = _uid(root, path), _sections(root)
        mesh = tuple(node.text.strip() for node in root.findall("MeSH/major") if node.text)
        problems = tuple(term.split("/")[0] for term in mesh)
        frontal, lateral = [], []
        for node in root.iter("parentImage"):
            picture = pictures.get(_stem(node.get("id", "") + ".png"))
            if picture is not None:
                (frontal if _is_frontal(picture) else lateral).append(picture)
        studies.append((uid, sections.get("impression", ""), sections.get("findings", ""), problems, mesh, frontal, lateral))
    return _collect(studies, "xml")


def _uid(root, path):
    uid = (root.find("uId").get("id", "") if root.find("uId") is not None else "").removeprefix("CXR")
    if not uid.isdigit():
        raise BadInput(f"{path.name} has no uId of the form CXR<number>.")
    return uid


def _sections(root):
    """Section -> text of one XML report, under the names that the CSV release uses."""
    return {node.get("Label", "").lower(): node.text or "" for node in root.iter("AbstractText")}


def _parse(path):
    try:
        if path.stat().st_size > MOST_XML_BYTES:
            raise BadInput(f"{path.name} is too large for a report.")
        content = path.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise BadInput(f"{path.name} declares entities, which no report of the collection does.")
        return ElementTree.fromstring(content)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path.name} is not a readable XML report: {error}.") from error


def _is_frontal(path):
    """The XML release does not say which view a picture is: the picture itself is asked."""
    from captioner.projection import lateral_probability
    from captioner.study import read_view

    return lateral_probability(read_view(path).pixels) < 0.5


def _collect(studies, form):
    reports, dropped, seen = [], Counter(), set()
    for uid, impression, findings, problems, mesh, frontal, lateral in studies:
        caption = clean(impression)
        if uid in seen:
            dropped["repeated"] += 1
        elif not re.search("[a-z]", caption):
            dropped["without an impression"] += 1
        elif not frontal and not lateral:
            dropped["without a picture"] += 1
        else:
            seen.add(uid)
            reports.append(Report(uid, caption, clean(findings), problems, mesh,
                                  tuple(sorted(frontal)), tuple(sorted(lateral))))
    reports.sort(key=lambda report: (len(report.uid), report.uid))
    return Collection(tuple(reports), dict(dropped), form)
