"""The collection counted before anything is trained on it: what it holds, what it lacks, what repeats."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import BadInput
from captioner.images.study import read_view
from captioner.reports.collection import SECTIONS, Collection, read_collection, read_sections, split_of
from captioner.reports.findings import FINDINGS, SIDES, label

if TYPE_CHECKING:
    from captioner.reports.collection import Report

SPLITS = ("train", "val", "test")
SIDE_WORDS = {"left": {"left"}, "right": {"right"}, "bilateral": {"bilateral", "bilaterally", "both"}}
REMOVED = "XXXX"  # what the release wrote in place of what could have identified a patient


@dataclass(frozen=True)
class Picture:
    """What is known of one picture file.

    Attributes:
        path: the file.
        uid: the study it belongs to.
        view: "frontal" or "lateral".
        shape: `(rows, columns)` in pixels, or None when the file cannot be read.
        digest: of shape and pixels, the same for the same picture in whatever file; "" when it cannot be read.
        problem: the sentence that says why it cannot be read; "" when it can.
    """

    path: Path
    uid: str
    view: str
    shape: tuple[int, int] | None
    digest: str
    problem: str


@dataclass(frozen=True)
class Survey:
    """The collection, counted. All counts are of kept studies, unless said otherwise.

    Attributes:
        name: of the collection's folder.
        collection: the kept reports and the count of the dropped.
        written: `(uid, sections)` of every report of the release, dropped ones included, uncleaned.
        pictures: all pictures of the kept studies.
    """

    name: str
    collection: Collection
    written: tuple[tuple[str, dict[str, str]], ...]
    pictures: tuple[Picture, ...]

    @property
    def reports(self) -> tuple[Report, ...]:
        return self.collection.reports

    @cached_property
    def labels(self) -> np.ndarray:
        """bool `(studies, 13)`: the findings that each impression states, in the order of `FINDINGS`."""
        return np.array([label(report.impression) for report in self.reports])

    @property
    def without_finding(self) -> np.ndarray:
        """bool `(studies,)`: impressions that state none of the thirteen findings."""
        return np.logical_not(self.labels.any(axis=1))

    @property
    def together(self) -> np.ndarray:
        """int `(13, 13)`: studies whose impression states both findings; on the diagonal those that state the one."""
        counts = self.labels.astype(int)
        return counts.T @ counts

    @property
    def missing(self) -> dict[str, int]:
        """Section -> number of reports, the dropped included, that lack it."""
        return {name: sum(not sections[name] for _, sections in self.written) for name in SECTIONS}

    @property
    def redacted(self) -> dict[str, int]:
        """Section -> number of reports, the dropped included, in which something was removed for privacy."""
        return {name: sum(REMOVED in sections[name] for _, sections in self.written) for name in SECTIONS}

    @property
    def pictures_a_study(self) -> Counter[int]:
        """Number of pictures -> number of studies that have so many."""
        return Counter(len(report.frontal) + len(report.lateral) for report in self.reports)

    @property
    def views(self) -> dict[str, int]:
        """Which views a study has -> number of studies."""
        names = {(True, True): "both views", (True, False): "frontal only", (False, True): "lateral only"}
        counts = Counter(names[bool(report.frontal), bool(report.lateral)] for report in self.reports)
        return {name: counts[name] for name in names.values()}

    @property
    def sizes(self) -> Counter[tuple[int, int]]:
        """`(rows, columns)` -> number of readable pictures of that size."""
        return Counter(picture.shape for picture in self.pictures if picture.shape)

    @property
    def unreadable(self) -> tuple[Picture, ...]:
        return tuple(picture for picture in self.pictures if picture.problem)

    @property
    def shared_pictures(self) -> list[tuple[str, ...]]:
        """Groups of uids of two or more studies that hold the very same picture, one group per picture."""
        holders: dict[str, set[str]] = {}
        for picture in self.pictures:
            if picture.digest:
                holders.setdefault(picture.digest, set()).add(picture.uid)
        return [tuple(sorted(uids)) for uids in holders.values() if len(uids) > 1]

    @property
    def shared_across_splits(self) -> int:
        """How many pictures are in studies of different splits, which would leak into a test."""
        return sum(len({split_of(uid) for uid in uids}) > 1 for uids in self.shared_pictures)

    @property
    def lengths(self) -> np.ndarray:
        """int `(studies,)`: words in each impression; full stops are not words."""
        return np.array([sum(token != "." for token in report.impression.split()) for report in self.reports])

    @property
    def impressions(self) -> Counter[str]:
        """Counter of impressions."""
        return Counter(report.impression for report in self.reports)

    @property
    def words(self) -> Counter[str]:
        """Counter of the words of all impressions, full stops left out."""
        return Counter(token for report in self.reports for token in report.impression.split() if token != ".")

    @property
    def vocabulary(self) -> list[dict[str, Any]]:
        """What a vocabulary of the words seen n times or more leaves out: list of dicts, one for each n."""
        words, table = self.words, []
        for least in (1, 2, 3, 5, 10):
            kept = {word for word, number in words.items() if number >= least} | {"."}
            table.append(
                {
                    "least": least,
                    "words": len(kept) - 1,
                    "unknown words": sum(number for word, number in words.items() if word not in kept),
                    "impressions with one": sum(
                        not kept.issuperset(report.impression.split()) for report in self.reports
                    ),
                }
            )
        return table

    @property
    def headings(self) -> Counter[str]:
        """MeSH heading, without qualifiers -> number of studies."""
        return Counter(heading for report in self.reports for heading in dict.fromkeys(report.problems))

    @property
    def sides(self) -> dict[str, Any]:
        """Side -> `(studies whose MeSH names it, those whose impression names it, those in which both do)`."""
        counts = {}
        for side in SIDES:
            indexed = [any(side in term.split("/")[1:] for term in report.mesh) for report in self.reports]
            said = [not SIDE_WORDS[side].isdisjoint(report.impression.split()) for report in self.reports]
            both = sum(left and right for left, right in zip(indexed, said, strict=True))
            counts[side] = (sum(indexed), sum(said), both)
        return counts

    @cached_property
    def splits(self) -> dict[str, dict[str, Any]]:
        """Split -> dict of its counts; "seen" compares with the training split."""
        train = [report.impression for report in self.reports if split_of(report.uid) == "train"]
        known, known_words = set(train), {word for impression in train for word in impression.split()}
        table = {}
        for name in SPLITS:
            places = [place for place, report in enumerate(self.reports) if split_of(report.uid) == name]
            reports = [self.reports[place] for place in places]
            words = {word for report in reports for word in report.impression.split()}
            table[name] = {
                "studies": len(reports),
                "pictures": sum(len(report.frontal) + len(report.lateral) for report in reports),
                "both views": sum(bool(report.frontal and report.lateral) for report in reports),
                "without a finding": int(self.without_finding[places].sum()),
                "median words": float(np.median(self.lengths[places])) if places else 0.0,
                "impression seen": sum(report.impression in known for report in reports),
                "unseen words": len(words - known_words),
                "findings": self.labels[places].sum(axis=0),  # (13,)
            }
        return table

    def samples(self, normal: int = 2) -> list[Report]:
        """Studies to look at: `normal` without a finding, then one of each finding that none shown before states.

        They come from the training split where it has any, so that nobody gets to know the test split by looking,
        and have both views where any study has. The choice is by a hash of the uid: arbitrary, and always the same.
        """
        readable = {picture.uid for picture in self.pictures if picture.shape}
        places = [place for place, report in enumerate(self.reports) if report.uid in readable]
        places = [place for place in places if split_of(self.reports[place].uid) == "train"] or places
        paired = [place for place in places if self.reports[place].frontal and self.reports[place].lateral]
        places = paired or places
        places.sort(key=lambda place: hashlib.sha256(self.reports[place].uid.encode()).digest())
        chosen = [place for place in places if self.without_finding[place]][:normal]
        for number in range(len(FINDINGS)):
            if not self.labels[chosen, number].any():
                chosen += [place for place in places if self.labels[place, number]][:1]
        return [self.reports[place] for place in chosen]

    def sections_of(self, report: Report) -> dict[str, str]:
        """The sections of a kept report as they were written; the report that gave the impression, if uids repeat."""
        own = [sections for uid, sections in self.written if uid == report.uid]
        return next((sections for sections in own if sections["impression"]), own[0])


def survey(data: str | Path) -> Survey:
    """Count the collection; every picture is opened once.

    Args:
        data: folder of the collection, in either form.

    Returns:
        `Survey`.

    Raises:
        BadInput: as `captioner.reports.collection.read_collection`, or no study has both an impression and a picture.
    """
    collection = read_collection(data)
    if not collection.reports:
        raise BadInput(f"{data} has no study with an impression and a picture to look at.")
    pictures = [
        _picture(path, report.uid, view)
        for report in collection.reports
        for view, paths in (("frontal", report.frontal), ("lateral", report.lateral))
        for path in paths
    ]
    return Survey(Path(data).resolve().name, collection, tuple(read_sections(data)), tuple(pictures))


def _picture(path: Path, uid: str, view: str) -> Picture:
    try:
        pixels = read_view(path, view).pixels
    except BadInput as error:
        return Picture(path, uid, view, None, "", str(error))
    digest = hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    return Picture(path, uid, view, pixels.shape, digest, "")
