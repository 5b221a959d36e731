"""What is asked for is used, for the reason that stands beside it; the extras are named in the documentation."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
EXTRAS = tomllib.loads(PYPROJECT)["project"]["optional-dependencies"]
LINES = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
CORE = [line for line in LINES if line and not line.startswith("#")]
# Distributions that are imported by another name than their own.
MODULES = {
    "opencv-python": "cv2",
    "pillow": "PIL",
    "markdown-it-py": "markdown_it",
    "huggingface-hub": "huggingface_hub",
    "tensorflow-serving-api": "tensorflow_serving",
}
# What is called by name only: Gradio imports mcp itself when it is told to serve tools.
CALLED = {"mcp": 'find_spec("mcp")'}


@pytest.fixture(scope="module")
def program():
    """The program's texts, and the modules that it imports anywhere."""
    paths = [ROOT / "dashboard.py", *(path for name in ("captioner", "explain", "panels") for path in _python(name))]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    imported = set()
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    return "\n".join(texts), imported


def _python(folder):
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("line", [*CORE, *(line for lines in EXTRAS.values() for line in lines)])
def test_each_is_used(line, program):
    text, imported = program
    name = Requirement(line).name
    assert MODULES.get(name, name) in imported or CALLED.get(name, "\0") in text


def test_each_has_its_reason_above_it_and_each_of_the_extras_behind_it():
    for before, line in zip(["", *LINES], LINES):
        assert line in ("", *CORE) or line.startswith("# ")
        assert line not in CORE or before.startswith("# ")
    for line in (line for lines in EXTRAS.values() for line in lines):
        assert re.search(rf'^    "{re.escape(line)}",  # \w', PYPROJECT, re.MULTILINE), line


def test_no_extra_asks_again_for_what_everybody_has():
    core = {Requirement(line).name for line in CORE}
    assert not core & {Requirement(line).name for lines in EXTRAS.values() for line in lines}


def test_the_documentation_names_the_extras():
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)) == set(EXTRAS)


def test_what_the_page_says_is_missing_is_the_extra():
    from panels.server.mcp_tools import PACKAGE

    assert [PACKAGE] == EXTRAS["mcp"]
