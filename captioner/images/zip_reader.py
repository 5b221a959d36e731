"""A zip of pictures from a stranger: what it holds, told by its directory, and one picture of it at a time as a file.

Nothing is unpacked as a whole, and nothing under a name of the archive's own choice. What an archive may cost is
bounded before its directory is parsed, since `zipfile` reads that whole; while a picture is unpacked, bytes are counted
and not believed. Only what is stored or deflated is read: the other methods ask for memory as they like.
"""

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from captioner.errors import BadInput
from captioner.images import dicom_study
from captioner.images.dicom import is_dicom
from captioner.images.limits import MAX_BYTES, shown_name
from captioner.images.raster import SIGNATURES
from captioner.sentence import Number, Sentence

MOST_ENTRIES = 2000
LARGEST_DIRECTORY = 1 << 20  # bytes of the list of entries: some hundred each
MOST_BYTES = 1 << 30  # unpacked, all entries together
LONGEST_NAME, DEEPEST = 240, 12  # bytes of a name, folders in it
BEGINNING = 4096  # bytes that tell what a file is
CHUNK = 1 << 20
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError)  # of one entry
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1  # bit of the general purpose flags (APPNOTE.TXT, 4.4.4)
UNIX = 3  # the system whose file modes are in the upper half of the external attributes (4.4.2.2, 4.4.7)
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")
IDLE = (
    "__macosx",
    ".ds_store",
    "thumbs.db",
    "desktop.ini",
    "dicomdir",
)  # what systems and archives put beside pictures


@dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        pictures: names of the entries that begin as a picture does, in the archive's order, folders parted by "/".
        left_out: names of the others, with the reason; folders and what systems put there are not told.
        size: bytes of the pictures, unpacked, as the directory states them.
        studies: name -> its study, of those of the pictures that say it (`captioner.images.dicom_study`).
    """

    pictures: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    size: int
    studies: dict[str, str]


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive does; the name says nothing."""
    with open(path, "rb") as file:
        return file.read(4) in ARCHIVES[:2]


def is_picture(beginning: bytes) -> bool:
    """Whether bytes begin as a picture that is read here does."""
    return is_dicom(beginning) or any(beginning.startswith(starts) for starts in SIGNATURES.values())


def contents(path: Path) -> Contents:
    """What a zip archive holds.

    Raises:
        BadInput: it is no zip archive, damaged, or holds more than it may, a link, a device, an encrypted file, a name
            twice, or a name that would be elsewhere than below the archive.
    """
    name, pictures, left_out, size = shown_name(path), [], [], 0
    studies: dict[str, str] = {}
    with _opened(path) as archive:
        for entry in _entries(archive, name):
            inside = _inside(entry)
            if entry.is_dir() or any(part.lower() in IDLE for part in inside.split("/")):
                continue
            if entry.compress_type not in METHODS:
                left_out.append((inside, Sentence("packed by a method that is not read here")))
                continue
            try:
                with archive.open(entry) as file:
                    beginning, study = file.read(BEGINNING), None
                    if is_dicom(beginning):
                        with suppress(*DAMAGE):  # that is told when it is unpacked
                            study = dicom_study.study_in(beginning + file.read(dicom_study.BEGINNING - BEGINNING))
            except DAMAGE:
                left_out.append((inside, Sentence("damaged")))
                continue
            if any(beginning.startswith(starts) for starts in ARCHIVES):
                left_out.append((inside, Sentence("an archive within the archive")))
            elif not is_picture(beginning):
                left_out.append((inside, Sentence("not a picture")))
            elif entry.file_size > MAX_BYTES:
                left_out.append((inside, Sentence("more than {most} MB", most=MAX_BYTES >> 20)))
            else:
                pictures.append(inside)
                size += entry.file_size
                if study is not None:
                    studies[inside] = study
    return Contents(tuple(pictures), tuple(left_out), size, studies)


def unpack(path: Path, picture: str, folder: Path) -> Path:
    """One picture of an archive as a file.

    Args:
        path: of the archive.
        picture: its name in `contents`.
        folder: to put it into, which is there and holds nothing of its base name.

    Raises:
        BadInput: as `contents`, or the picture is damaged, or no longer there.
    """
    name = shown_name(path)
    with _opened(path) as archive:
        entry = next((each for each in _entries(archive, name) if _inside(each) == picture), None)
        if entry is None:
            raise BadInput(Sentence("{picture} is no longer in {name}.", picture=shown_name(picture), name=name))
        target = folder / picture.rpartition("/")[2]
        left = min(entry.file_size, MAX_BYTES)
        try:
            with archive.open(entry) as packed, open(target, "xb") as file:
                while left > 0 and (piece := packed.read(min(CHUNK, left))):
                    file.write(piece)
                    left -= len(piece)
                if left or packed.read(1):  # the second read compares the checksum, too
                    raise zipfile.BadZipFile
        except DAMAGE as error:
            raise BadInput(
                Sentence(
                    "{picture} is damaged in {name}: it cannot be unpacked.", picture=shown_name(picture), name=name
                )
            ) from error
    return target


class _Bounded:
    """A file as `zipfile` wants it, that returns no piece larger than a directory may be."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST_DIRECTORY:
            # The whole rest is asked for where the end of a directory is looked for, at most 65,557 bytes of it.
            here = self._file.tell()
            size = self._file.seek(0, os.SEEK_END) - here if size < 0 else size
            self._file.seek(here)
            if size > LARGEST_DIRECTORY:
                raise BadInput(_too_many(self._name))
        return self._file.read(size)

    def seekable(self) -> bool:
        return True


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive at a path; whatever `zipfile` meets in it is one sentence."""
    name = shown_name(path)
    try:
        with open(path, "rb") as file:
            bounded: Any = _Bounded(file, name)  # not the whole interface of a file, what zipfile calls
            with zipfile.ZipFile(bounded) as archive:
                yield archive
    except BadInput:
        raise
    except FileNotFoundError:
        raise BadInput(no_longer_here(name)) from None
    except OSError as error:
        reason = error.strerror or Sentence("it is damaged")
        raise BadInput(Sentence("{name} cannot be unpacked: {reason}.", name=name, reason=reason)) from error
    # zipfile promises no list for damaged bytes: struct.error, UnicodeDecodeError, OverflowError and others are seen.
    except Exception as error:
        raise BadInput(Sentence("{name} is no zip archive, or it is damaged.", name=name)) from error


def _entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The entries, when none of them is dangerous and all are not too many or too large."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise BadInput(_too_many(name))
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise BadInput(
            Sentence("{name} would unpack to more than {most} GB: it is refused.", name=name, most=MOST_BYTES >> 30)
        )
    seen = set()
    for entry in entries:
        inside, shown = _inside(entry), shown_name(entry.filename)
        parts = inside.split("/")
        if inside.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", inside) or "\0" in inside:
            raise BadInput(
                Sentence(
                    "{name} holds {shown}, which would be written elsewhere: it is refused.", name=name, shown=shown
                )
            )
        if len(os.fsencode(inside)) > LONGEST_NAME or len(parts) > DEEPEST:
            raise BadInput(
                Sentence(
                    "{name} holds {shown} under too long a name or in too many folders: it is refused.",
                    name=name,
                    shown=shown,
                )
            )
        kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == UNIX else 0
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadInput(
                Sentence(
                    "{name} holds {shown}, which is a link or no plain file: it is refused.", name=name, shown=shown
                )
            )
        if entry.flag_bits & ENCRYPTED:
            raise BadInput(Sentence("{name} is encrypted: pack it again without a password.", name=name))
        if inside in seen:
            raise BadInput(Sentence("{name} holds {shown} twice: it is refused.", name=name, shown=shown))
        seen.add(inside)
    return entries


def no_longer_here(name: str) -> Sentence:
    """The sentence for an upload that was deleted meanwhile."""
    return Sentence("{name} is no longer here: uploads are deleted after half an hour. Give it again.", name=name)


def _too_many(name: str) -> Sentence:
    most = Number(f"{MOST_ENTRIES:,}")
    return Sentence("{name} holds too many files: at most {most} are taken in an archive.", name=name, most=most)


def _inside(entry: zipfile.ZipInfo) -> str:
    """An entry's name; some programs of Windows part folders by backslashes."""
    return entry.filename.replace("\\", "/")
