"""A folder that takes another's place whole: at any moment, after a kill or a loss of power too, one of them is there.

The new folder is written beside the old one, down to the disk, and the two change places in one step
(`renameat2` with RENAME_EXCHANGE, Linux 3.15). Where the system or the file system has no such step, the old folder is
moved aside for a moment; `recovered` puts it back when that moment was the last.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a Unix: there the folder of a living process is not told from one that was left
    fcntl = None  # type: ignore[assignment]

NEW, OLD = ".part", ".old"  # what the names end with of a folder being written, and of one moved aside
RENAME_EXCHANGE = 2  # of <linux/fs.h>
AT_FDCWD = -100  # of <fcntl.h>: paths are relative to the working folder
TRIES = 5  # to put a folder into place while others do the same


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A new, empty folder beside `folder`, which takes its place when the block ends without an exception.

    The block writes plain files into it, by `write_file`. What `folder` held is removed afterwards: ask before
    whether it may be. What killed processes left beside it is removed, too.

    Raises:
        OSError: something could not be written; `folder` is as it was, or new and whole.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    recovered(folder)
    _clear(folder)
    fresh, lock = _begin(folder)
    try:
        yield fresh
        fresh.chmod(0o755)
        _sync(fresh)
        _take_place(fresh, folder)
        _sync(folder.parent)
    finally:
        if lock is not None:
            os.close(lock)
        shutil.rmtree(fresh, ignore_errors=True)  # by now the old folder, or what came of the new one
        _clear(folder)


def recovered(folder: Path) -> Path:
    """Where the content of `folder` is: there, or moved aside by a process that was killed, and then moved back.

    On a disk that may not be written, the folder moved aside is given itself.
    """
    while not os.path.lexists(folder):
        aside = next(iter(_left(folder, OLD)), None)
        if aside is None:
            return folder
        try:
            os.rename(aside, folder)
        except FileNotFoundError:
            continue  # another process was faster
        except OSError:
            return folder if os.path.lexists(folder) else aside
    return folder


def recover_all(root: Path) -> None:
    """Put back every folder in `root` that was moved aside by a process that was killed."""
    for aside in root.glob(f".*-*{OLD}"):
        recovered(root / aside.name[1:].rpartition("-")[0])


def write_file(path: Path, data: bytes) -> None:
    """Write a new file down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin(folder: Path) -> tuple[Path, int | None]:
    """A new folder beside `folder`, and the open descriptor whose lock says that its process is alive."""
    while True:
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=NEW, dir=folder.parent))
        if fcntl is None:
            return fresh, None
        try:
            lock = os.open(fresh, os.O_RDONLY)
        except FileNotFoundError:
            continue  # another process cleared it away before it was locked
        except OSError:
            os.rmdir(fresh)
            raise
        fcntl.flock(lock, fcntl.LOCK_EX)
        if fresh.exists():
            return fresh, lock
        os.close(lock)


def _take_place(fresh: Path, folder: Path) -> None:
    aside = fresh.with_suffix(OLD)
    for _ in range(TRIES):
        if os.path.lexists(folder):
            if _exchange(fresh, folder):
                return
            with contextlib.suppress(FileNotFoundError):
                os.rename(folder, aside)
        try:
            os.rename(fresh, folder)
            return
        except OSError as error:
            recovered(folder)
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # these: another process has put one there
                raise
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder))


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where that is not possible here."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # another C library, or none
        return False
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOENT):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _sync(folder: Path) -> None:
    """Bring a folder's entries onto the disk."""
    if fcntl is None:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _left(folder: Path, ending: str) -> list[Path]:
    """The folders beside `folder` that were written or moved aside in its name."""
    start = f".{folder.name}-"
    try:
        names = sorted(os.listdir(folder.parent))
    except OSError:
        return []
    return [
        folder.parent / name
        for name in names
        # What is between is random and without a hyphen; with one, it belongs to a longer name.
        if name.startswith(start) and name.endswith(ending) and "-" not in name[len(start) : -len(ending)]
    ]


def _clear(folder: Path) -> None:
    """Remove what killed processes have left beside `folder`."""
    if not os.path.lexists(folder):
        return  # a folder moved aside may be all that there is
    for left in (*_left(folder, OLD), *_left(folder, NEW)):
        if not _is_held(left):
            shutil.rmtree(left, ignore_errors=True)


def _is_held(fresh: Path) -> bool:
    if fcntl is None:
        return True
    try:
        descriptor = os.open(fresh, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return True  # gone already
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)
