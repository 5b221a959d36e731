"""Many studies that came as files, without a table: a zip, or pictures one by one, put together and answered in turn.

The lines are those of `captioner predict --studies` (`captioner.serving.batch_prediction`). Of a zip one study at a
time is unpacked, into a folder that is gone when it is answered.
"""

from __future__ import annotations

import csv
import io
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from captioner.errors import BadInput
from captioner.images import dicom_statement, dicom_study, pairing, zip_reader
from captioner.images.dicom import is_dicom
from captioner.images.limits import shown_name
from captioner.images.pairing import Group, Rule
from captioner.images.study import seen_as
from captioner.numbers import decimal
from captioner.sentence import Sentence, joined
from captioner.serving.batch_prediction import Row, line_of

if TYPE_CHECKING:  # it imports TensorFlow, which takes seconds
    from captioner.captioner import Captioner

MOST_STUDIES = 200
MOST_FILES = 500  # that are given, zips among them
MOST_WORK = 600.0  # seconds of work for one batch
HEADER = ("study", "frontal", "lateral", "paired_by", "text", "log_prob", "findings", "notices", "error")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
HOW = {
    Rule.NAMES: Sentence("names"),
    Rule.STUDY: Sentence("the study that the files say they are of"),
    Rule.NUMBERS: Sentence("one name but for its last number"),
    Rule.FOLDER: Sentence("a folder of their own"),
    Rule.ALONE: Sentence("alone"),
}


@dataclass(frozen=True)
class Answered:
    """One study with its line.

    Attributes:
        row: its name, and its pictures as they were given (in a zip with their folders).
        paired_by: how it was told that these pictures are its views.
        line: as in `predictions.jsonl`.
    """

    row: Row
    paired_by: Sentence
    line: dict[str, Any]

    @property
    def alone(self) -> bool:
        """Whether it is a single picture, or one of two that are no pair."""
        return not self.row.lateral

    @property
    def stated(self) -> Sentence:
        """The findings that the finding head states, with sides and probabilities; "" without a head or a finding."""
        found = [finding for finding in self.line.get("findings") or () if finding["stated"]]
        return joined("; ", map(_stated, found))

    def as_csv(self) -> str:
        """A line of CSV under `HEADER`; no cell of it begins as a formula does."""
        line = self.line
        texts = (self.row.study, self.row.frontal, self.row.lateral, self.paired_by, line.get("text", ""))
        more = (self.stated, " ".join(line.get("notices", ())), line.get("error", ""))
        number = f"{line['log_prob']:.4f}" if "log_prob" in line else ""
        return csv_line([*map(_no_formula, texts), number, *map(_no_formula, more)])


def _stated(finding: dict[str, Any]) -> Sentence:
    name, share = Sentence(finding["name"]), decimal(finding["probability"])
    if not finding["side"]:
        return Sentence("{finding} ({share})", finding=name, share=share)
    return Sentence("{finding}, {side} ({share})", finding=name, side=Sentence(finding["side"]), share=share)


def csv_line(cells: Sequence[str]) -> str:
    """Cells as one line of CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


@dataclass(frozen=True)
class _Picture:
    """Where a picture is: a file, or a name within a zip."""

    path: Path
    inside: str | None = None


class UploadBatch:
    """Studies of given files.

    Args:
        files: zips and pictures; they are read when they are asked for, and have to stay until then.

    Attributes:
        groups: the studies as their names tell; a group of two that turn out to be no pair is answered as two.
        left_out: names of what is no study, each with the reason.

    Raises:
        BadInput: a zip that cannot be used (`captioner.images.zip_reader`), no picture, or more than is taken at once.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        if len(files) > MOST_FILES:
            raise BadInput(
                Sentence(
                    "At most {most} files are taken at once, and these are {given}: put them in a zip.",
                    most=MOST_FILES,
                    given=len(files),
                )
            )
        self._pictures: dict[str, _Picture] = {}
        left_out: list[tuple[str, str]] = []
        size, studies = 0, {}
        for path in files:
            try:
                size += path.stat().st_size
                packed = zip_reader.is_zip(path)
                study = None if packed else _study_of(path)
            except OSError as error:
                raise BadInput(zip_reader.no_longer_here(shown_name(path))) from error
            if not packed:
                name = self._free(path.name)
                self._pictures[name] = _Picture(path)
                if study is not None:
                    studies[name] = study
                continue
            found = zip_reader.contents(path)
            size += found.size
            prefix = "" if len(files) == 1 else f"{path.stem}/"
            for inside in found.pictures:
                name = self._free(prefix + inside)
                self._pictures[name] = _Picture(path, inside)
                if inside in found.studies:
                    studies[name] = found.studies[inside]
            left_out += [(prefix + inside, reason) for inside, reason in found.left_out]
        if size > zip_reader.MOST_BYTES:
            raise BadInput(
                Sentence(
                    "These files have more than {most} GB: give fewer of them at once.",
                    most=zip_reader.MOST_BYTES >> 30,
                )
            )
        self.groups: tuple[Group, ...] = tuple(pairing.groups(list(self._pictures), studies))
        self.left_out = tuple(left_out)
        if not self.groups:
            raise BadInput(Sentence("There is no picture among these files: PNG, JPEG or DICOM is needed."))
        if len(self.groups) > MOST_STUDIES:
            raise BadInput(
                Sentence(
                    "These are {given} studies, and at most {most} are answered at once: give fewer of them, or use "
                    "`captioner predict --studies`.",
                    given=len(self.groups),
                    most=MOST_STUDIES,
                )
            )
        self._worked, self._one_at_a_time = 0.0, threading.Lock()

    def _free(self, name: str) -> str:
        """The name, with a number where another picture has it."""
        fresh, number = name, 1
        while fresh in self._pictures:
            number += 1
            fresh = f"{name} ({number})"
        return fresh

    def answer(self, place: int, model: Captioner, **decoding: Any) -> list[Answered]:
        """Answer one group.

        Args:
            place: of the group, from 0.
            model: the checkpoint.
            decoding: arguments of `Captioner.caption`.

        Returns:
            one study, or two where two pictures that lay together are no pair.

        Raises:
            BadInput: the batch has used up its time; what is answered stays answered.
        """
        with self._one_at_a_time:
            if self._worked > MOST_WORK:
                raise BadInput(
                    Sentence(
                        "These files took more than {most} minutes of work, which is what one batch may have: give the "
                        "rest by themselves.",
                        most=f"{MOST_WORK / 60:.0f}",
                    )
                )
            begun = time.monotonic()
            try:
                group = self.groups[place]
                with tempfile.TemporaryDirectory(prefix="study-") as folder:
                    files = _Files({name: self._pictures[name] for name in group.pictures}, Path(folder))
                    return [
                        Answered(row, how, line_of(model, row, files.__getitem__, decoding))
                        for row, how in _rows(group, files)
                    ]
            finally:
                self._worked += time.monotonic() - begun


def _study_of(path: Path) -> str | None:
    """The study that a DICOM file says it is of; None of any other file."""
    with open(path, "rb") as file:
        beginning = file.read(dicom_study.BEGINNING)
    return dicom_study.study_in(beginning) if is_dicom(beginning) else None


class _Files:
    """Name -> file, unpacked when it is first asked for; BadInput where that cannot be."""

    def __init__(self, pictures: dict[str, _Picture], folder: Path) -> None:
        self._pictures, self._folder = pictures, folder
        self._unpacked: dict[str, Path] = {}

    def __getitem__(self, name: str) -> Path:
        picture = self._pictures[name]
        if picture.inside is None:
            return picture.path
        if name not in self._unpacked:
            place = self._folder / str(len(self._unpacked))  # two pictures may have the same base name
            place.mkdir()
            self._unpacked[name] = zip_reader.unpack(picture.path, picture.inside, place)
        return self._unpacked[name]


def _rows(group: Group, files: _Files) -> list[tuple[Row, Sentence]]:
    """The studies of a group, each with how that was told."""
    if len(group.pictures) == 1:
        return [(Row(group.study, group.pictures[0], ""), HOW[Rule.ALONE])]
    if group.rule is Rule.NAMES:
        return [(_row(group, dict(zip(group.views, group.pictures))), HOW[Rule.NAMES])]
    views: dict[str, str] = {}
    said = []
    for name, view in zip(group.pictures, group.views):
        try:
            seen_view, statement = seen_as(files[name])
        except BadInput:  # told by its line; the other picture is not its partner
            continue
        views.setdefault(view or seen_view, name)
        said.append(statement)
    if dicom_statement.of_two_studies(said):
        views.clear()
    if len(views) == 2:
        seen = Sentence("what the files say") if any(each.view for each in said) else Sentence("what they show")
        return [(_row(group, views), Sentence("{rule}, and by {seen}", rule=HOW[group.rule], seen=seen))]
    why = (
        Sentence("two studies, as the files say")
        if dicom_statement.of_two_studies(said)
        else Sentence("not a frontal and a lateral view")
    )
    alone = Sentence("alone: {rule}, but {why}", rule=HOW[group.rule], why=why)
    return [(replace(_row(group, {"frontal": name}), study=name), alone) for name in group.pictures]


def _row(group: Group, views: dict[Any, str]) -> Row:
    return Row(group.study, views["frontal"], views.get("lateral", ""))
