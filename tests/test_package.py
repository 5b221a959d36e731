"""What `pip install .` takes along and calls, read from pyproject.toml: every data file and both commands."""

import subprocess
import tomllib
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TAKEN = PROJECT["tool"]["setuptools"]["package-data"]["*"]


@pytest.mark.parametrize("folder", ["captioner", "explain", "panels", "weights", "examples"])
def test_every_data_file_is_taken_along(folder):
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = [name for name in listed.stdout.split("\0") if name and not name.endswith(".py")]
    assert names or folder in ("captioner", "explain")
    assert [name for name in names if not any(fnmatch(Path(name).name, pattern) for pattern in TAKEN)] == []
    assert f"{folder}*" in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]


@pytest.mark.parametrize(("command", "module"), [("captioner", "captioner.__main__"), ("dashboard", "dashboard")])
def test_an_installed_command_answers(command, module, capsys):
    assert PROJECT["project"]["scripts"][command] == f"{module}:main"
    with pytest.raises(SystemExit) as ended:
        import_module(module).main(["--help"])
    assert ended.value.code == 0 and "usage:" in capsys.readouterr().out


def test_the_weights_are_looked_for_beside_the_package():
    """In site-packages as in a checkout: the folders `captioner` and `weights` are neighbours."""
    from captioner.checkpoint.store import WEIGHTS_ROOT

    assert WEIGHTS_ROOT == ROOT / "weights" and (WEIGHTS_ROOT / "default" / "config.json").is_file()
