"""To the Hub and back, by huggingface_hub itself against a stand-in of its API on the loopback."""

import shutil
from pathlib import Path

import huggingface_hub.constants
import pytest

import captioner
from captioner.__main__ import main
from captioner.checkpoint.store import local, read_weights
from captioner.errors import BadInput
from captioner.hub import repository
from captioner.hub.card import write_card
from tests.captioner.hub.stand_in_hub import Hub, serving

NAME = "someone/tiny"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub where somebody who may write is logged in, and a cache of its own."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_XET"):
        monkeypatch.delenv(variable, raising=False)
    with serving(Hub()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        yield hub


@pytest.fixture
def folder(tiny_checkpoint, tmp_path):
    """A checkpoint with a finished card."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "tiny")
    write_card(folder)
    return folder


def test_pushed_and_loaded_it_is_the_same(hub, folder, capsys):
    assert main(["push", "--checkpoint", str(folder), "--to", NAME]) == 0
    assert capsys.readouterr().out == f"published: {hub.address}/{NAME}\n"
    assert hub.repositories[NAME] == {path.name: path.read_bytes() for path in folder.iterdir()}

    hub.repositories[NAME][".gitattributes"] = b"*.safetensors filter=lfs\n"  # what a real one has, too
    hub.repositories[NAME]["setup.py"] = b"raise SystemExit\n"
    model = captioner.load(f"hf://{NAME}")
    assert model.name == "tiny"
    assert not (model.folder / "setup.py").exists()  # nothing but a checkpoint's own files is fetched
    fetched, own = (read_weights(path / "model.safetensors") for path in (model.folder, folder))
    assert fetched.keys() == own.keys() and all(fetched[name].tobytes() == own[name].tobytes() for name in own)


def test_without_a_network_what_was_downloaded_is_used_and_else_one_sentence_says_so(hub, folder, monkeypatch):
    hub.repositories[NAME] = {path.name: path.read_bytes() for path in folder.iterdir()}
    first = repository.fetch(f"hf://{NAME}")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens
    assert repository.fetch(f"hf://{NAME}") == first == local(Path(f"hf://{NAME}"))
    with pytest.raises(BadInput, match="hf://someone/other cannot be reached .* no network") as error:
        repository.fetch("hf://someone/other")
    assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="was not published: there is no network"):
        repository.push(folder, NAME)


def test_an_older_revision_is_still_to_be_had_while_the_hub_has_it(hub, folder):
    hub.repositories[NAME] = {path.name: path.read_bytes() for path in folder.iterdir()}
    revision = hub.revision(NAME)
    assert repository.fetch(f"hf://{NAME}@{revision}").name == revision
    with pytest.raises(BadInput, match="no such repository or revision"):
        repository.fetch(f"hf://{NAME}@0123456")


def test_a_repository_that_is_damaged_or_too_large_is_refused(hub, folder, monkeypatch):
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.repositories[NAME] = {**files, "model.safetensors": files["model.safetensors"][:-1] + b"?"}
    with pytest.raises(BadInput, match="model.safetensors is damaged"):
        captioner.load(f"hf://{NAME}")
    monkeypatch.setattr(repository, "MAX_BYTES", 1000)
    asked = len(hub.asked)
    with pytest.raises(BadInput, match="too large"):
        captioner.load(f"hf://{NAME}")
    assert len(hub.asked) == asked + 1  # before anything of it was fetched


def test_an_older_layout_on_the_hub_is_replaced(hub, folder):
    hub.repositories[NAME] = {"weights.npz": b"old", "card.md": b"old", "samples.txt": b"mine"}
    repository.push(folder, NAME)
    assert set(hub.repositories[NAME]) == {*(path.name for path in folder.iterdir()), "samples.txt"}


@pytest.mark.parametrize(
    "address", ["hf://", "hf://one", "hf://one/two/three", "hf://a b/c", "hf://../..", "hf://o/n@"]
)
def test_what_is_no_address_is_one_sentence_and_asks_nobody(hub, address):
    with pytest.raises(BadInput, match="write hf://OWNER/NAME"):
        repository.fetch(address)
    assert hub.asked == []


def test_what_is_not_there_or_not_allowed_is_one_sentence(hub, folder, monkeypatch, capsys):
    assert main(["predict", "x.png", "--checkpoint", "hf://someone/missing"]) == 2  # the picture is read first
    with pytest.raises(BadInput, match="someone/missing was refused by the Hub: there is no such repository"):
        repository.fetch("hf://someone/missing")
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    with pytest.raises(BadInput, match="hf auth login"):
        repository.push(folder, NAME)
    assert NAME not in hub.repositories


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda folder: (folder / "README.md").unlink(), "no card with a header"),
        (lambda folder: (folder / "README.md").write_text("# Tiny\n"), "no card with a header"),
        (lambda folder: [(folder / "README.md").unlink(), write_card(folder)], "To be written"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b""), "damaged"),
    ],
)
def test_what_is_not_finished_is_not_published(hub, folder, break_it, says):
    break_it(folder)
    with pytest.raises(BadInput, match=says):
        repository.push(folder, NAME)
    with pytest.raises(BadInput, match="no name of a model repository|" + says):
        repository.push(folder, "nowhere")
    assert hub.asked == []
