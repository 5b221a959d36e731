"""The project's layout, read from the source: who may import whom, and what the page's start may not wait for."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import event_loop

ROOT = Path(__file__).resolve().parent.parent
LATE = {"tensorflow", "keras", "matplotlib"}  # seconds to import: never at the top of what the page's start imports


def _sources(folder):
    return sorted((ROOT / folder).rglob("*.py"))


@functools.cache
def _tree(path):
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path, top_only=False):
    """The first names of all modules that a file imports; with `top_only`, those imported as soon as it is."""
    tree = _tree(path)
    inside = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING")  # for the type checker alone
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
    assert imported <= {"argparse", "collections", "gradio", "os", "pathlib", "sys", "typing", "captioner", "panels"}
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
        "import sys, dashboard; from panels.server.model_pool import ModelPool; dashboard.build(ModelPool({}, None)); "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=300).returncode == 0


NO_TEMPLATE = {
    "captioner/explore/figures.py",  # takes something out of what matplotlib writes
    "explain/report/card.py",  # the Markdown renderer, whose source may hold no HTML
    "panels/server/visitor_language.py",  # puts a script into Gradio's own page
    "panels/shell/glossary.py",  # an element inside what templates say, of the templates' own Markup
    "panels/shell/theme.py",  # style sheets and script of the project's own, for Gradio's head
}


@pytest.mark.parametrize("folder", ["captioner", "explain", "panels"])
def test_html_is_in_templates_alone(folder):
    """Jinja2 escapes every text there; a tag in a string of Python would have to be escaped by hand."""
    tags = {
        path.relative_to(ROOT).as_posix()
        for path in _sources(folder)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"</[a-z]", node.value)
    }
    assert tags == {name for name in NO_TEMPLATE if name.startswith(f"{folder}/")}


def _tests():
    return sorted((ROOT / "tests").rglob("*.py"))


def test_no_assertion_hides_in_an_if():
    """An assertion that a condition can skip may never have been made."""
    hidden = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in _tests()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.If)
        for branch in (*node.body, *node.orelse)
        for inner in ast.walk(branch)
        if isinstance(inner, ast.Assert)
    ]
    assert hidden == []


def test_no_assertion_is_about_wall_clock_time():
    """How long something takes is for `python -m benchmarks`: a busy machine must fail no test.

    A deadline that a helper waits for (`while ...: assert time.monotonic() < end`) is no measurement.
    """
    clocks = {"time.monotonic()", "time.perf_counter()", "time.time()"}
    timed = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _tests()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Assert)
        for inner in ast.walk(node.test)
        if isinstance(inner, ast.BinOp) and clocks & {ast.unparse(inner.left), ast.unparse(inner.right)}
    ]
    assert timed == []


def test_no_test_starts_an_event_loop_of_its_own():
    """Once a browser test has run, its driver's loop runs in the main thread, where a second one refuses to start."""
    starting = {"asyncio.run", "asyncio.Runner", "asyncio.get_event_loop", "asyncio.new_event_loop", "anyio.run"}
    names = {name.split(".")[1] for name in starting}
    started = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _tests()
        if path.name != "event_loop.py"
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in starting)
        or (isinstance(node, ast.ImportFrom) and node.module in {"asyncio", "anyio"} and _aliases(node) & names)
    ]
    assert started == []


def _aliases(node):
    return {alias.name for alias in node.names}


def test_a_coroutine_runs_beside_a_loop_that_is_running():
    async def inner():
        return 7

    async def outer():
        return event_loop.run(inner())

    assert event_loop.run(outer()) == 7


@pytest.mark.parametrize(
    ("folder", "never"), [("captioner", ("explain", "panels", "gradio")), ("explain", ("panels", "gradio"))]
)
def test_nothing_is_imported_by_its_name_past_that_rule(folder, never):
    named = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources(folder)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(".")[0] in never
        if node.value in never or "." in node.value and node.value.replace(".", "").replace("_", "").isalpha()
    ]
    assert named == []


def test_what_others_import_stays_where_they_import_it_from():
    program = (
        "import captioner, explain; from captioner.reports import clean; "
        "from captioner.reports.findings import FINDINGS, label_all; "
        "from explain import method; method('attention').explain; captioner.load, captioner.read_study; "
        "assert clean('XXXX Effusion.') == 'effusion .' and label_all(['effusion .']).shape == (1, len(FINDINGS))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
