"""The page as a Space runs it: user 1000, on an installation that it may only read, without a home.

`python -m pytest tests/robustness/test_read_only.py -m "long or not long"`; in the ordinary suite
tests/test_dockerfile.py starts the page as its user on files that it may only read.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.robustness.server import ROOT, caption, dashboard_process, upload

USER = 1000


@pytest.fixture
def as_user_1000():
    """What a command begins with to run as user 1000; such a user may read everything here, and write nothing."""
    if os.getuid() == USER:
        return []
    if os.getuid() or not shutil.which("setpriv"):
        pytest.skip("becoming another user takes root and setpriv")
    # The one privilege that it keeps is to read (the interpreter may lie in root's home).
    keep = "+dac_read_search"
    begin = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return [*begin, f"--inh-caps={keep}", f"--ambient-caps={keep}"]


def written(folder):
    """When each file was written; without the compiled ones, which another test's process may add at any time."""
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not {".git", "__pycache__"} & {*path.parts}
    }


@pytest.mark.long
def test_as_user_1000_with_nothing_to_write_to_but_the_temporary_folder(as_user_1000, tiny_checkpoint, chest):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are root's alone
        temporary = Path(folder)
        os.chmod(temporary, 0o755)
        (temporary / "mine").mkdir()
        if os.getuid() == 0:
            os.chown(temporary / "mine", USER, USER)
        home = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent", "MPLCONFIGDIR": ""}
        trial = [*as_user_1000, sys.executable, "-c", "open('README.md', 'a')"]
        assert os.getuid() == USER or b"PermissionError" in subprocess.run(trial, cwd=ROOT, capture_output=True).stderr
        before = written(ROOT / "weights") | written(ROOT / "captioner")
        with dashboard_process(
            temporary / "mine", "--checkpoint", tiny_checkpoint, prefix=as_user_1000, environment=home
        ) as (process, address):
            answer = caption(address, upload(address, chest), tiny_checkpoint.name)
            assert answer["words"] and process.poll() is None
        assert written(ROOT / "weights") | written(ROOT / "captioner") == before
