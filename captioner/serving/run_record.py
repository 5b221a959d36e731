"""What a run of many studies writes into, and what that was begun with: `OUT` and the record `OUT.run.json` beside it.

A file is only gone on with when its record names the same checkpoint, table and search. Nothing else that may be under
the name of either is written over.
"""

import io
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Self

from captioner.errors import BadInput

try:
    import fcntl
except ImportError:  # not a Unix: two runs at the same time are not told apart there
    fcntl = None  # type: ignore[assignment]

FORMAT = "captioner predictions 1"
BEGINNING = json.dumps({"format": FORMAT})[:-1].encode()  # what every record starts with
BEFORE = {"maps": True}  # what records of earlier versions do not name
LINE_BEGINNING = b'{"study": '


class Predictions:
    """The file of predictions, held against other runs as long as the context lasts.

    Args:
        out: Path of the file.
        begun_with: JSON object that says what the predictions are made with.
        studies: names of the table's studies, in order.
        table: Path of the table, which `out` must not be.
        changed_since: whether a picture of the named study was changed or put in place after a time (seconds since
            1970); its answer is then out of date and taken out.

    Attributes:
        done: names of the studies that the file answers already. Failed ones are not among them: their lines are taken
            out when the file is opened, so that they are tried again.

    Raises:
        BadInput: on entering, `out` or its record is or holds something else, was begun with something else, or another
            run is writing it. Both are left as they are.
        OSError: a file cannot be read or written.
    """

    def __init__(
        self,
        out: Path,
        begun_with: dict,
        studies: Sequence[str],
        table: Path,
        changed_since: Callable[[str, float], bool],
    ):
        self.out, self.begun_with, self.studies, self.table = out, begun_with, studies, table
        self._changed_since = changed_since
        self.record = out.with_name(out.name + ".run.json")
        self._rewritten = out.with_name(out.name + ".run.part")
        self.done: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        self._check_kind(self.out)
        self._check_kind(self.record)
        if self.out.exists() and self.table.exists() and self.out.samefile(self.table):
            raise BadInput(f"{self.out.name} is the table of studies itself; give another --out.")
        if self.out.exists() and self.out.stat().st_size and not self.record.exists():
            raise self._something_else()
        self._lock: IO[bytes] = _opened(self.record)
        try:
            self._hold()
            since = self._begin()
            self._file: IO[bytes] = _opened(self.out)
            try:
                self._tidy(finished=False, since=since)
                self._write_record()
            except BaseException:
                self._file.close()
                raise
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._lock.close()

    def write(self, answer: dict) -> None:
        """Add the line of one study; a line that could not be written whole is taken back."""
        end = self._file.seek(0, os.SEEK_END)
        left = json.dumps(answer).encode() + b"\n"
        try:
            while left:
                left = left[self._file.write(left) :]  # a disk that is nearly full takes a part
        except OSError:
            os.truncate(self._file.fileno(), end)
            raise

    def finish(self) -> None:
        """Bring the lines into the table's order, failed ones included, and onto the disk."""
        self._tidy(finished=True)
        os.fsync(self._file.fileno())

    def _check_kind(self, path: Path) -> None:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISREG(mode):
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "a folder" if stat.S_ISDIR(mode) else "not a plain file"
            raise BadInput(f"{path} is {kind}; give the name of a file as --out, or - for standard output.")

    def _hold(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(f"Another run is writing {self.out.name}; let it end, or give another --out.") from error

    def _begin(self) -> float:
        """Compare the record with what this run is begun with; returns when the last run was begun.

        Where there is nothing yet, the record is written.
        """
        kept = self._lock.read()
        if kept and not kept.startswith(BEGINNING):
            raise BadInput(f"{self.record.name} is there and is no record of predictions; give another --out.")
        if not self.out.exists() or not self.out.stat().st_size:
            self._write_record()
            return time.time()
        try:
            record = json.loads(kept)
            since = float(record["begun"])
        except (ValueError, KeyError, TypeError):
            raise self._something_else() from None
        for what, value in self.begun_with.items():
            if record.get(what, BEFORE.get(what)) != value:
                other = "choice of maps" if what == "maps" else what
                raise BadInput(
                    f"{self.out.name} was begun with another {other} (see {self.record.name}); give another --out."
                )
        return since

    def _write_record(self) -> None:
        """Write the record in place, where the lock is; one that differs only in its time has the same length."""
        begun = f"{time.time():.3f}"
        record = json.dumps({"format": FORMAT, "begun": begun, **self.begun_with}).encode() + b"\n"
        self._lock.seek(0)
        self._lock.write(record)
        self._lock.truncate()
        os.fsync(self._lock.fileno())

    def _something_else(self) -> BadInput:
        return BadInput(
            f"{self.out.name} holds something else than predictions that were begun here; give another --out."
        )

    def _tidy(self, finished: bool, since: float = 0.0) -> None:
        """Write the file anew where its lines are not those that it should have.

        Before the work, these are the answers that still hold, without failures and without a line that was broken
        off; after it, all lines in the order of the table.
        """
        places, failed, order, whole = self._lines()
        if finished:
            wanted = [name for name in self.studies if name in places]
        else:
            wanted = [name for name in order if name not in failed and not self._changed_since(name, since)]
            self.done = frozenset(wanted)
        if wanted != order:
            with open(self._rewritten, "wb", opener=_no_links) as file:
                for name in wanted:
                    start, length = places[name]
                    self._file.seek(start)
                    file.write(self._file.read(length))
                file.flush()
                os.fsync(file.fileno())
            os.replace(self._rewritten, self.out)
            self._file.close()
            self._file = _opened(self.out)
        else:
            self._rewritten.unlink(missing_ok=True)  # of a run that was killed while it wrote the file anew
            if self._file.seek(0, os.SEEK_END) > whole:
                os.truncate(self._file.fileno(), whole)
        self._file.seek(0, os.SEEK_END)

    def _lines(self) -> tuple[dict[str, tuple[int, int]], set[str], list[str], int]:
        """Each study's line (start, length), whose are failures, their order, and the end of the last whole one."""
        places: dict[str, tuple[int, int]] = {}
        failed: set[str] = set()
        known, start = set(self.studies), 0
        self._file.seek(0)
        for line in self._in_blocks():
            if not line.endswith(b"\n"):
                # Broken off by a kill, or by a loss of power, which may leave zeros.
                left = line.rstrip(b"\0")
                if left[: len(LINE_BEGINNING)] != LINE_BEGINNING[: len(left)]:
                    raise self._something_else()
                break
            try:
                answer = json.loads(line)
                name = answer["study"]
                sound = name in known and name not in places and ("text" in answer or "error" in answer)
            except (ValueError, KeyError, TypeError):
                sound = False
            if not sound:
                raise self._something_else()
            places[name] = start, len(line)
            if "error" in answer:
                failed.add(name)
            start += len(line)
        return places, failed, list(places), start

    def _in_blocks(self) -> Iterator[bytes]:
        """The file's lines from where it stands; it has no buffer itself, and would be read byte by byte."""
        with open(self._file.fileno(), "rb", buffering=io.DEFAULT_BUFFER_SIZE, closefd=False) as lines:
            yield from lines


def _no_links(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _opened(path: Path) -> IO[bytes]:
    """A plain file to read and write, made where it is not there; unbuffered, so that every line reaches it at once."""
    return open(path, "r+b", buffering=0, opener=lambda name, flags: _no_links(name, flags | os.O_CREAT))
