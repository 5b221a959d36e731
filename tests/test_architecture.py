"""The shape of the house, read from the source: who may import whom, and what the page's start may not wait for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LATE = {"tensorflow", "keras", "matplotlib"}  # seconds to import: never at the top of what the page's start imports


def _sources(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path, top_only=False):
    """The first names of all modules that a file imports; with `top_only`, those imported as soon as it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(outer)
    }
    names = set()
    for node in ast.walk(tree):
        if top_only and id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    ("folder", "never"),
    [
        ("captioner", {"explain", "panels", "dashboard", "gradio", "tests"}),
        ("explain", {"panels", "dashboard", "gradio", "tests"}),
        ("panels", {"dashboard", "tests", "tensorflow", "keras"}),
    ],
)
def test_nothing_on_the_left_imports_what_is_on_its_right(folder, never):
    sources = _sources(folder)
    assert sources
    offenders = {path.name: _imports(path) & never for path in sources if _imports(path) & never}
    assert offenders == {}


def test_the_dashboard_lays_out_and_computes_nothing():
    imported = _imports(ROOT / "dashboard.py")
    assert imported <= {"argparse", "os", "sys", "pathlib", "gradio", "captioner", "panels"}
    assert len((ROOT / "dashboard.py").read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("folder", ["panels", "explain"])
def test_slow_imports_come_late(folder):
    offenders = {
        path.name: _imports(path, top_only=True) & LATE
        for path in _sources(folder)
        if _imports(path, top_only=True) & LATE
    }
    assert offenders == {}


def test_no_module_is_a_bin_for_leftovers():
    bins = {"utils.py", "helpers.py", "misc.py", "common.py", "manager.py"}
    found = [path for folder in ("captioner", "explain", "panels") for path in _sources(folder) if path.name in bins]
    assert found == []


def test_a_page_is_built_without_tensorflow():
    program = (
        "import sys, dashboard; from panels.shelf import Shelf; dashboard.build(Shelf({}, None)); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60).returncode == 0
