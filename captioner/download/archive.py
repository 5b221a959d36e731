"""Reading a `.tgz` from a stranger: only plain files of known names, of bounded number and size, front to back."""

import gzip
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioner.errors import BadInput

CHUNK = 1 << 16
LARGEST_READ = 9 << 20  # what tarfile may ask for at once: a forged header would have it read gigabytes


@dataclass(frozen=True)
class Contents:
    """What an archive may hold.

    Attributes:
        names: regular expression that the whole name of a wanted member matches; other plain files are passed over.
        max_members: how many members there may be.
        largest: most bytes of one wanted member.
        total: most bytes altogether, unpacked.
    """

    names: re.Pattern[str]
    max_members: int
    largest: int
    total: int


PICTURES = Contents(re.compile(r"(?:[\w.-]{1,80}/){0,3}(CXR[\w-]{1,80}\.png)"), 20_000, 8 << 20, 16 << 30)
REPORTS = Contents(re.compile(r"(?:[\w.-]{1,80}/){0,3}(\d{1,6}\.xml)"), 20_000, 1 << 20, 256 << 20)


class _Forward:
    """A packed stream as `tarfile` wants it: never goes back, never returns more than a bounded piece or total."""

    def __init__(self, stream: Any, total: int) -> None:
        self._packed, self._place, self._total = gzip.GzipFile(fileobj=stream, mode="rb"), 0, total

    def read(self, size: int) -> bytes:
        if not 0 <= size <= LARGEST_READ:
            raise tarfile.ReadError("a piece of impossible size")
        if self._place + size > self._total + LARGEST_READ:
            raise tarfile.ReadError("more than it may hold")
        piece = self._packed.read(size)
        self._place += len(piece)
        return piece

    def seek(self, place: int) -> None:
        if place < self._place:
            raise tarfile.ReadError("a place that has gone by")
        while place > self._place and self.read(min(place - self._place, CHUNK)):
            pass

    def tell(self) -> int:
        return self._place

    def seekable(self) -> bool:
        return True


def members(name: str, stream: Any, contents: Contents) -> Generator[tuple[str, bytes], None, None]:
    """The wanted files of a `.tgz`, in its order, while it is being read.

    Args:
        name: of the archive, for messages.
        stream: binary file object; only `read` is needed, so that it may come from a network.
        contents: Contents.

    Yields:
        `(base name, bytes)`.

    Raises:
        BadInput: the archive is damaged or cut off, or holds a link, a device, an absolute path, a path that climbs
            out, or more than it may. What `stream.read` raises passes through.
    """
    total = count = 0
    try:
        unpacked: Any = _Forward(stream, contents.total)  # not the whole interface of a file, what tarfile calls
        archive: Any
        with tarfile.open(fileobj=unpacked, mode="r:") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # else all headers pile up
                count += 1
                total += max(member.size, 0)
                if count > contents.max_members or total > contents.total:
                    raise BadInput(f"{name} holds more than it may: it is refused.")
                _refuse_dangerous(name, member)
                match = contents.names.fullmatch(member.name)
                if not match or not member.isreg():
                    continue
                if member.size > contents.largest:
                    raise BadInput(f"{name} holds {match[1]} with {member.size} bytes, too many: it is refused.")
                data = archive.extractfile(member).read()
                if len(data) != member.size:
                    raise EOFError
                yield match[1], data
            while unpacked.read(CHUNK):  # to the end, so that the checksum there is compared
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{name} is damaged or cut off: it cannot be unpacked.") from error


def _refuse_dangerous(name: str, member: tarfile.TarInfo) -> None:
    """Stricter than Python's own filter for data (PEP 706): every link is turned down, and paths are not repaired but
    refused. Nothing is extracted by its own path anyway: only bytes are handed out, under a base name that matched."""
    shown = ascii(member.name)[1:-1][:80]
    if member.islnk() or member.issym():
        raise BadInput(f"{name} holds the link {shown}: it is refused.")
    if not (member.isreg() or member.isdir()) or member.issparse() or member.size < 0:
        raise BadInput(f"{name} holds {shown}, which is no plain file: it is refused.")
    if member.name.startswith(("/", "\\")) or ".." in Path(member.name).parts or "\\" in member.name:
        raise BadInput(f"{name} holds {shown}, which would be written elsewhere: it is refused.")


def unpack(path: Path, folder: Path, contents: Contents, progress: Callable[[int], object] | None = None) -> int:
    """Write the wanted files of the `.tgz` at `path` into `folder`.

    Args:
        path: the archive.
        folder: made when it is not there; files of the same names in it are replaced, others stay.
        contents: Contents.
        progress: called with the bytes of each file written.

    Returns:
        int, how many files were written.

    Raises:
        BadInput: see `members`. Files that were written before are whole.
    """
    path, folder = Path(path), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with open(path, "rb") as stream:
        for name, data in members(path.name, stream, contents):
            write_whole(folder / name, data)
            count += 1
            if progress is not None:
                progress(len(data))
    return count


def write_whole(path: Path, data: bytes) -> None:
    """Write bytes so that the file is either as it was or complete."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)
