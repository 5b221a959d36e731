"""The lock file pins, by version and checksum, all that the ranges of requirements.txt ask for, and nothing else."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def pinned():
    """name -> (version, checksums) of requirements.lock."""
    text = re.sub(r"\\\n", " ", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        name, version = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line).groups()
        found[canonicalize_name(name)] = Version(version), re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
    assert len(found) == len(lines)
    return found


def ranges():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_package_has_a_checksum(pinned):
    assert len(pinned) > 50
    assert [name for name, (_, checksums) in pinned.items() if not checksums] == []


def test_the_lock_agrees_with_the_ranges(pinned):
    outside = [str(need) for need in ranges() if pinned[canonicalize_name(need.name)][0] not in need.specifier]
    assert outside == []


def test_what_the_packages_need_is_in_the_lock_too(pinned):
    """Followed from requirements.txt through what the installed packages say of themselves."""
    waiting, seen, wrong = ranges(), set(), []
    while waiting:
        need = waiting.pop()
        name = canonicalize_name(need.name)
        if name not in pinned or pinned[name][0] not in need.specifier:
            wrong.append(str(need))
        if (name, frozenset(need.extras)) in seen:
            continue
        seen.add((name, frozenset(need.extras)))
        try:
            further = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # the lock's version is another, with other needs
        extras = [{"extra": extra} for extra in need.extras] or [{"extra": ""}]
        waiting += [one for one in further if not one.marker or any(map(one.marker.evaluate, extras))]
    assert wrong == [] and len(seen) > 50


def test_gradio_is_pinned_to_the_minor_whose_private_parts_are_used():
    (gradio,) = [need for need in ranges() if need.name == "gradio"]
    assert re.fullmatch(r"<6\.\d+,>=6\.\d+", str(gradio.specifier))
    assert gradio.specifier.contains("6.31.99") and not gradio.specifier.contains("6.32")
