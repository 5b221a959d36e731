"""Where a server keeps what visitors upload: a folder of its own, which the next start removes if this one was killed."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a Unix: nothing is locked there, and nothing of a killed server removed
    fcntl = None

NAME, LOCK = "chest-x-ray-impressions", "in-use"

_held = []  # open lock files; the system lets go of them when the process ends, however it ends


def keep_apart(root=None):
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


def _lock(folder, new=True):
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
