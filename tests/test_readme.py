"""The README against what it promises: a valid Space header, its commands, the files that it names, its picture."""

import re
from pathlib import Path

import pytest
import yaml

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
    assert values["license"] == "mit" and isinstance(values["pinned"], bool)
    assert set(values) <= {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file",
                           "pinned", "license", "short_description", "suggested_hardware", "models", "datasets", "tags"}


def test_ci_runs_the_command_of_the_readme():
    commands = [block.strip() for block in re.findall(r"```\n(python3 -m venv.*?)```", README, re.DOTALL)]
    assert len(commands) == 2 and all("\n" not in command for command in commands)
    assert commands[0].endswith("dashboard.py") and commands[1].endswith("-m pytest")
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith(commands[1])


def test_what_it_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_no_file_is_larger_than_the_hub_takes_without_large_file_storage():
    large = [path for folder in ("weights", "examples", "docs") for path in (ROOT / folder).rglob("*")
             if path.is_file() and path.stat().st_size > 10 * 1024 * 1024]
    assert large == []


@pytest.mark.parametrize("name", ["gradio", "tensorflow", "matplotlib", "numpy", "opencv-python", "pillow", "pydicom"])
def test_requirements_pin_a_range(name):
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if re.match(rf"{name}\b(?!-)", line)]
    assert re.fullmatch(rf"{name}>=[\d.]+,<[\d.]+", line)
