"""The README and the pages that it leads to, against what they promise: header, commands, links, tables, folders."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from captioner.evaluation import markdown_tables

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def header():
    assert README.startswith("---\n")
    return yaml.safe_load(README.split("---\n")[1])


def test_the_space_header_is_what_the_hub_reads():
    """Keys and values after huggingface.co/docs/hub/spaces-config-reference."""
    values = header()
    assert values["sdk"] == "gradio" and (ROOT / values["app_file"]).is_file()
    assert values["python_version"] == "3.11" and isinstance(values["python_version"], str)
    assert re.fullmatch(r"6\.\d+\.\d+", values["sdk_version"])
    assert values["colorFrom"] in COLOURS and values["colorTo"] in COLOURS
    assert len(values["title"]) <= 60 and len(values["short_description"]) <= 60
    assert values["license"] == "other" and isinstance(values["pinned"], bool)
    assert "mit" in values["license_name"] and "cc-by-nc-nd-4.0" in values["license_name"]
    assert (ROOT / values["license_link"]).is_file()
    assert set(values) <= {
        "title",
        "emoji",
        "colorFrom",
        "colorTo",
        "sdk",
        "sdk_version",
        "python_version",
        "app_file",
        "pinned",
        "license",
        "license_name",
        "license_link",
        "short_description",
        "suggested_hardware",
        "models",
        "datasets",
        "tags",
    }


def test_ci_runs_the_command_of_the_readme():
    commands = [block.strip() for block in re.findall(r"```\n(python3 -m venv.*?)```", README, re.DOTALL)]
    assert len(commands) == 2 and all("\n" not in command for command in commands)
    assert commands[0].endswith("dashboard.py") and commands[1].endswith("-m pytest")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(commands[1])


def test_ci_checks_style_and_types_before_the_tests():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    checks = script.partition("export CI=true")[0].splitlines()
    # Each on a line of its own: in a list with && the shell would go on after the first that fails.
    assert all(f".venv/bin/{check}" in checks for check in ("ruff check .", "ruff format --check .", "mypy"))
    assert "SLIPCOVER_ENABLED=1" in script and "slipcover" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_readme_fits_on_a_screen_and_leads_to_every_page():
    assert len(README.splitlines()) <= 90
    linked = set(re.findall(r"\]\(docs/([a-z]+)\.md\)", README))
    assert linked == {path.stem for path in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize(
    ("page", "mark"), [("results", "scores"), ("evidence", "methods by evidence"), ("performance", "benchmarks")]
)
def test_a_command_that_writes_a_table_finds_its_place(page, mark):
    path = ROOT / "docs" / f"{page}.md"
    markdown_tables.place(path, mark)  # raises where the two marks are missing
    commands = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"--into docs/{page}.md" in path.read_text(encoding="utf-8") and f"--into docs/{page}.md" in commands


def test_the_scores_of_the_readme_are_those_of_the_results():
    results = [row.split(" | ") for row in (ROOT / "docs" / "results.md").read_text(encoding="utf-8").splitlines()]
    known = {row[0].strip("| *"): tuple(row[1:3]) for row in results if len(row) == 7}
    small = re.findall(r"^\| [^|]+ \| ([\d.]+ \([^)]+\)) \| ([\d.]+ \([^)]+\)) \|$", README, re.MULTILINE)
    names = ["default, greedy", "shuffled pictures", "constant", "nearest neighbour"]
    assert small == [known[name] for name in names]


def test_the_plan_of_the_house_names_what_is_there():
    """Every path in the tables of docs/architecture.md; and every folder of the program is in them."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    whole, captioner, explain = re.split(r"^## (?:captioner|explain)/$", page.split("## Rules")[0], flags=re.MULTILINE)
    explain, _, found = explain.partition("## Where to find")
    for folder, text in (("", whole), ("captioner", captioner), ("explain", explain), ("", found)):
        for path in re.findall(r"`([a-z_]+(?:/[a-z_.]*|\.py))`", text):
            assert (ROOT / folder / path).exists(), path
    for name, text in (("captioner", captioner), ("explain", explain)):
        folders = {path.parent.name for path in (ROOT / name).glob("*/__init__.py")}
        assert folders <= set(re.findall(r"`([a-z_]+)/`", text))


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"] and citation["license"] == project["license"]
    assert f"## {citation['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_file_is_larger_than_the_hub_takes_without_large_file_storage():
    large = [
        path
        for folder in ("weights", "examples", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.stat().st_size > 10 * 1024 * 1024
    ]
    assert large == []


@pytest.mark.parametrize("name", ["gradio", "tensorflow", "matplotlib", "numpy", "opencv-python", "pillow", "pydicom"])
def test_requirements_pin_a_range(name):
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if re.match(rf"{name}\b(?!-)", line)]
    assert re.fullmatch(rf"{name}>=[\d.]+,<[\d.]+", line)
