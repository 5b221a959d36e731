"""Every command that the documentation shows is one that the program takes, with all its options."""

import re
import shlex
from pathlib import Path

import pytest

from benchmarks.__main__ import parse as parse_benchmarks
from captioner.__main__ import parse as parse_captioner
from captioner.errors import BadInput
from explain.__main__ import parse as parse_explain
from panels.server.start import arguments as parse_dashboard

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path
    for folder in (".", "docs", "weights", "benchmarks", "examples")
    for path in (ROOT / folder).glob("**/*.md" if folder != "." else "*.md")
    if path.name != "CHANGELOG.md"  # what was true at its time
)
PROGRAMS = {
    "python -m captioner": parse_captioner,
    "captioner": parse_captioner,
    "python -m explain": parse_explain,
    "python -m benchmarks": parse_benchmarks,
    "python dashboard.py": parse_dashboard,
}
STANDS_FOR = {"N": "8", "S": "8", "PORT": "7860", "NAME": "attention", "KIND": "parametric"}
SETTING = re.compile(r"^[A-Z][A-Z_]*=\S+$")


def blocks(page: str) -> list[str]:
    """The lines of a page's code blocks, without shell comments; what goes on behind a backslash is one line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S)
    return [" ".join(line.split(" #")[0].split()) for each in found for line in each.replace("\\\n", " ").splitlines()]


def commands(page: str) -> list[str]:
    """Those, and the code in the lines of the page."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    return [*blocks(page), *(" ".join(line.split()) for line in re.findall(r"`([^`]+)`", text))]


def asked(line: str) -> tuple[str, list[str]] | None:
    """Program and arguments of a line; None where it is none of ours, or names one without a whole command."""
    words = line.split()
    while words and SETTING.match(words[0]):
        words = words[1:]
    rest = " ".join(words)
    for program in PROGRAMS:
        if rest.startswith(program + " ") and "..." not in rest and "…" not in rest:
            shown = re.split(r" (?:&|&&|[|>]) ?", rest[len(program) :] + " ")[0]
            shown = re.sub(r"[][]|(?<=\w)\|\w+", "", shown)  # what may be left out is taken, of a choice the first
            return program, [STANDS_FOR.get(word, word) for word in shlex.split(shown)]
    return None


DOCUMENTED = sorted(
    {
        (path.relative_to(ROOT).as_posix(), line)
        for path in PAGES
        for line in commands(path.relative_to(ROOT).as_posix())
        if asked(line)
    }
)


def test_there_are_commands():
    assert {asked(line)[0] for _, line in DOCUMENTED} == set(PROGRAMS)


@pytest.mark.parametrize(("page", "line"), DOCUMENTED)
def test_a_documented_command_is_taken(page, line, capsys):
    program, arguments = asked(line)
    try:
        PROGRAMS[program](arguments)
    except (SystemExit, BadInput) as refused:
        said = capsys.readouterr().err
        # `captioner evaluate`, in the middle of a sentence, names a command and leaves out what it needs.
        named = "arguments are required" in said and line not in blocks(page)
        assert named or getattr(refused, "code", 2) == 0, f"{page}: {line}: {refused} {said}"


@pytest.mark.parametrize("line", ["python -m captioner predict a.png --no-such-option", "captioner no-such-command"])
def test_a_command_that_is_none_is_found(line):
    program, arguments = asked(line)
    with pytest.raises((SystemExit, BadInput)):
        PROGRAMS[program](arguments)
