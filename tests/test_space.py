"""The folder is a Space as it is: the README's header by the hub's reference, what it installs, its size."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from captioner.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
# huggingface.co/docs/hub/spaces-config-reference: each key with what its value must be
KEYS = {
    "title": lambda value: isinstance(value, str) and 0 < len(value) <= 60,
    "emoji": lambda value: isinstance(value, str) and re.fullmatch(r"[^\w\s.,:;!?-]{1,4}", value),
    "colorFrom": lambda value: value in COLOURS,
    "colorTo": lambda value: value in COLOURS,
    "sdk": lambda value: value in {"gradio", "docker", "static"},
    "sdk_version": lambda value: isinstance(value, str) and re.fullmatch(r"\d+\.\d+\.\d+", value),
    "python_version": lambda value: isinstance(value, str) and re.fullmatch(r"3\.\d+(\.\d+)?", value),
    "app_file": lambda value: (ROOT / value).is_file(),
    "pinned": lambda value: isinstance(value, bool),
    "license": lambda value: value == "other",  # two licences, which its name spells out
    "license_name": lambda value: re.fullmatch(r"[a-z0-9.-]+", value),  # with "other", as in model cards
    "license_link": lambda value: value.startswith("https://") or (ROOT / value).is_file(),
    "short_description": lambda value: isinstance(value, str) and 0 < len(value) <= 60,
    "suggested_hardware": lambda value: value in {"cpu-basic", "cpu-upgrade"},
    "fullWidth": lambda value: isinstance(value, bool),
    "header": lambda value: value in {"mini", "default"},
    "models": lambda value: value and all(re.fullmatch(r"[\w.-]+/[\w.-]+", name) for name in value),
    "datasets": lambda value: value and all(re.fullmatch(r"([\w.-]+/)?[\w.-]+", name) for name in value),
    "tags": lambda value: value and all(re.fullmatch(r"[a-z0-9-]+", tag) for tag in value),
    "thumbnail": lambda value: (
        (found := re.fullmatch(r"https://huggingface\.co/spaces/[\w.-]+/[\w.-]+/resolve/main/(.+\.png)", value))
        and (ROOT / found[1]).is_file()
    ),
    "disable_embedding": lambda value: isinstance(value, bool),
    "startup_duration_timeout": lambda value: re.fullmatch(r"\d+[smh]|\d+", str(value)),
}
NEEDED = {
    *("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file"),
    *("license", "license_name", "license_link", "tags", "datasets"),
}
MOST = 10 * 1024 * 1024  # a larger file has to be pushed through large-file storage


@pytest.fixture(scope="module")
def header():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("---\n")
    return yaml.safe_load(readme.split("---\n")[1])


def requirement(name):
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if re.match(rf"{name}\b(?!-)", line)]
    return [tuple(map(int, part.split("."))) for part in re.fullmatch(rf"{name}>=([\d.]+),<([\d.]+)", line).groups()]


def test_every_key_is_one_the_hub_knows_and_has_a_value_it_takes(header):
    assert NEEDED <= set(header) <= set(KEYS)
    for key, value in header.items():
        assert KEYS[key](value), f"{key}: {value!r}"


def test_both_licences_are_named_and_the_data_are_those_of_the_weights(header):
    assert "mit-for-the-code" in header["license_name"] and "cc-by-nc-nd-4.0-for-the-weights" in header["license_name"]
    licence = (ROOT / header["license_link"]).read_text(encoding="utf-8")
    assert "MIT" in licence and "CC BY-NC-ND 4.0" in licence
    assert "MIT" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    cards = [
        yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1]) for path in ROOT.glob("weights/*/README.md")
    ]
    assert len(cards) >= 3 and {name for card in cards for name in card["datasets"]} == set(header["datasets"])
    assert set(header["tags"]) <= {tag for card in cards for tag in card["tags"]}


def test_its_owner_s_weights_and_picture_are_filled_in_and_the_rest_stays(header, tmp_path, capsys):
    path, whole = tmp_path / "README.md", (ROOT / "README.md").read_text(encoding="utf-8")
    path.write_text(whole, encoding="utf-8")
    for models in (["ann/first"], ["ann/chest-xray-told", "ann/simple"]):  # what was filled in before gives way
        assert main(["space", "--as", "ann/chest-xray", "--models", *models, "--readme", str(path)]) == 0
    filled = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
    assert set(filled) == {*header, "models", "thumbnail"} and all(KEYS[key](value) for key, value in filled.items())
    assert filled["models"] == ["ann/chest-xray-told", "ann/simple"]
    assert {key: filled[key] for key in header} == header
    assert path.read_text(encoding="utf-8").split("---\n", 2)[2] == whole.split("---\n", 2)[2]
    capsys.readouterr()
    assert main(["space", "--as", "no name", "--readme", str(path)]) == 2
    path.write_text("# No header\n", encoding="utf-8")
    assert main(["space", "--as", "ann/chest-xray", "--readme", str(path)]) == 2
    assert path.read_text(encoding="utf-8") == "# No header\n"
    first, second = capsys.readouterr().err.splitlines()
    assert "write OWNER/NAME" in first and "has no header" in second


def test_the_gradio_that_the_hub_installs_is_one_that_the_requirements_allow(header):
    least, below = requirement("gradio")
    assert least <= tuple(map(int, header["sdk_version"].split("."))) < below


def test_this_python_is_the_one_that_the_hub_is_asked_for(header):
    assert header["python_version"] == "3.11"  # the one that TensorFlow and the tests were tried with


def test_what_it_installs_is_listed_one_a_line():
    packages = (ROOT / "packages.txt").read_text(encoding="utf-8").splitlines()
    assert {"libgl1", "libglib2.0-0"} <= set(packages)  # OpenCV asks for both
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in packages)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in filter(None, (line.partition("#")[0] for line in lines)):
        assert re.fullmatch(r"[A-Za-z0-9-]+(\[[a-z]+\])?>=[\d.]+,<[\d.]+", line), line
        assert not line.startswith(("torch", "tf-keras", "pytest"))  # large, or for tests alone


def test_no_file_needs_large_file_storage_without_the_readme_saying_how():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    large = [str(path.relative_to(ROOT)) for path in paths if path.stat().st_size > MOST]
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8") if (ROOT / ".gitattributes").is_file() else ""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in large:
        assert "hf upload" in readme or f"{Path(name).name} filter=lfs" in attributes, f"{name} is over 10 MB"
    assert sum(path.stat().st_size for path in paths) < 100 * MOST  # a Space's repository may have 1 GB


def test_the_server_listens_where_the_hub_says(monkeypatch):
    from panels.server import start

    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7861")
    chosen = start.arguments([])
    assert (chosen.host, chosen.port, chosen.share) == ("0.0.0.0", 7861, False)
