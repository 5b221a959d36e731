"""The folder for what visitors upload: one per server, removed at the next start if this one was killed.

Whatever lies in it, under whatever name, halves of uploads among it, is deleted when it has not been written to for
some time.
"""

import atexit
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from captioner.language import later

try:
    import fcntl
except ImportError:  # not a Unix: nothing is locked there, and nothing of a killed server removed
    fcntl = None  # type: ignore[assignment]

NAME, LOCK = "chest-x-ray-impressions", "in-use"
GONE = later("Give the files again: they are here no longer.")

_held: list[int] = []  # open lock files; the system lets go of them when the process ends, however it ends


def keep_apart(root: str | Path | None = None) -> Path:
    """Give this process its own folder for uploads and temporary files, and remove the folders of dead ones.

    A folder is in use as long as somebody holds the lock in it.

    Args:
        root: where such folders lie; a folder of this program in the system's temporary one when None.

    Returns:
        Path of the folder.

    Raises:
        OSError: it cannot be made.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    root = Path(root) if root is not None else Path(tempfile.gettempdir()) / f"{NAME}-{user}"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != user:
        raise PermissionError(13, "The folder for uploads belongs to somebody else", str(root))
    for folder in root.iterdir():
        if folder.is_dir() and not folder.is_symlink() and _lock(folder, new=False):
            shutil.rmtree(folder, ignore_errors=True)
            os.close(_held.pop())
    own = Path(tempfile.mkdtemp(prefix="server-", dir=root))
    _lock(own)
    tempfile.tempdir = str(own)  # half an upload lies here until it is whole
    os.environ["GRADIO_TEMP_DIR"] = str(own / "uploads")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


def sweep(folder: Path, age: float, every: float = 60.0) -> None:
    """Delete what is too old below a folder again and again, in a thread of its own.

    Args:
        folder: that `keep_apart` gave.
        age: seconds since a file was last written or put there.
        every: seconds between two sweeps.
    """

    def again() -> None:
        while folder.is_dir():
            sweep_once(folder, age)
            time.sleep(every)

    threading.Thread(target=again, name="sweep uploads", daemon=True).start()


def sweep_once(folder: Path, age: float) -> None:
    """Delete the files below a folder that are older than `age` seconds, and the folders that are empty by then.

    The time is that of the last change to the file's entry, which a copy with an old date of its own has, too.
    """
    oldest = time.time() - age
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files:
            path = os.path.join(place, name)
            if name != LOCK or place != str(folder):
                _unless_new(os.unlink, path, oldest)
        for name in folders:
            _unless_new(os.rmdir, os.path.join(place, name), oldest)


def _unless_new(remove: Callable[[str], None], path: str, oldest: float) -> None:
    try:
        if os.lstat(path).st_ctime < oldest:
            remove(path)
    except OSError:  # gone by itself, or a folder that is not empty
        pass


def _lock(folder: Path, new: bool = True) -> bool:
    """Hold the folder's lock; False when somebody else does, or when its owner has not come to hold it yet."""
    path = folder / LOCK
    if fcntl is None or (not new and not path.exists()):
        return False
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    _held.append(lock)
    return True
