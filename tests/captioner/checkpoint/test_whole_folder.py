"""Checkpoints written under every fault: each write, rename, removal and fsync fails in turn, or is the last of all.

A kill is played by an exception that nothing catches and after which no call reaches the disk any more, so that no
clean-up runs either: the folder is left as `kill -9` leaves it.
"""

import errno
import json
import os
import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from captioner.checkpoint import available, read_config, read_weights, save, whole_folder
from captioner.errors import BadInput
from captioner.vocabulary import Vocabulary

CALLS = ("mkdir", "open", "write", "fsync", "rename", "unlink", "rmdir", "chmod")
WORDS = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no"])


class Killed(BaseException):
    """Nobody catches this, as nobody catches kill -9."""


def network(number):
    """As much of a network as `save` asks for, every weight of it `number`."""
    kernel = Variable("tiny/projection/kernel", np.full((30, 20), number, np.float32))
    return SimpleNamespace(name="tiny", variables=[kernel], get_config=lambda: {"units": number})


class Variable:
    def __init__(self, path, value):
        self.path, self.value, self.shape = path, value, value.shape

    def __array__(self, dtype=None, copy=None):
        return self.value.astype(dtype or self.value.dtype)


def write(folder, number):
    config = {
        "name": f"number {number}",
        "model": "attention",
        "preparation": {"size": 64},
        "decoding": {"max_words": 5},
    }
    save(folder, network(number), WORDS, config, card=f"# {number}\n")


def number_in(folder):
    """Which checkpoint is there, whole."""
    config = read_config(folder)  # checks the checksums
    (kernel,) = read_weights(folder / "model.safetensors").values()
    number = config["network"]["units"]
    assert config["name"] == f"number {number}" and (kernel == number).all()
    assert (folder / "README.md").read_text() == f"# {number}\n"
    return number


@contextmanager
def faults(monkeypatch, at, killed):
    """Let the call number `at` to the operating system fail, or be the moment of a kill; yields the calls so far."""
    calls = []

    def counted(name, real):
        def call(*values, **named):
            if killed and len(calls) >= at:
                raise Killed
            calls.append(name)
            if not killed and len(calls) - 1 == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if killed and len(calls) == at and name == "write":
                real(values[0], values[1][: len(values[1]) // 2])  # the kill comes within it
                raise Killed
            return real(*values, **named)

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counted(name, getattr(os, name)))
        patch.setattr(whole_folder, "_exchange", counted("exchange", whole_folder._exchange))
        yield calls


@pytest.fixture(params=["exchange", "move aside"])
def system(request, monkeypatch):
    """With the step that exchanges two folders, where this system has it, and without."""
    if request.param == "move aside":
        monkeypatch.setattr(whole_folder, "_exchange", lambda one, other: False)
    return request.param


@pytest.mark.parametrize("killed", [False, True], ids=["a call fails", "killed"])
@pytest.mark.parametrize("before", ["nothing", "a checkpoint"])
def test_whatever_happens_a_whole_checkpoint_is_found(tmp_path, monkeypatch, system, killed, before):
    outcomes, at = set(), 0
    while True:
        root = tmp_path / str(at)
        root.mkdir()
        folder = root / "model"
        if before == "a checkpoint":
            write(folder, 1)
        ended = "saved"
        with faults(monkeypatch, at, killed) as calls:
            try:
                write(folder, 2)
            except (OSError, Killed) as error:
                ended = type(error).__name__
        if len(calls) <= at and ended == "saved":
            break  # there are no more calls than these
        found = [path.name for path in available(root)]
        assert found in ([], ["model"]) and (found or before == "nothing")
        number = number_in(folder) if found else 0
        assert number in ({0, 2} if before == "nothing" else {1, 2})
        assert number == 2 or ended != "saved"
        outcomes.add((ended, number))
        write(folder, 3)  # the next one works, and clears up
        assert number_in(folder) == 3 and os.listdir(root) == ["model"]
        at += 1
    assert at >= 20  # it did look at all of them
    old = 1 if before == "a checkpoint" else 0
    assert {number for _, number in outcomes} == {old, 2}


def test_a_call_that_fails_leaves_nothing_beside(tmp_path, monkeypatch, system):
    write(tmp_path / "model", 1)
    with faults(monkeypatch, 10**9, False) as calls:
        write(tmp_path / "model", 1)
    for at in [place for place, name in enumerate(calls) if name in ("write", "fsync", "rename", "exchange")]:
        with faults(monkeypatch, at, False):
            try:
                write(tmp_path / "model", 2)
            except OSError as error:
                assert error.errno == errno.ENOSPC
        assert os.listdir(tmp_path) == ["model"]


def test_everything_is_on_the_disk_before_it_takes_its_place(tmp_path, monkeypatch):
    write(tmp_path / "model", 1)
    with faults(monkeypatch, 10**9, False) as calls:
        write(tmp_path / "model", 2)
    place = calls.index("exchange")
    last_write = max(number for number, name in enumerate(calls) if name == "write")
    assert calls[:place].count("fsync") == 5 and "fsync" in calls[last_write:place]  # four files and their folder
    assert "fsync" in calls[place:]  # and the folder around it


def test_a_folder_moved_aside_is_read_where_it_may_not_be_moved_back(tmp_path, monkeypatch):
    write(tmp_path / "model", 1)
    (tmp_path / "model").rename(tmp_path / ".model-abcdefgh.old")

    def read_only(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "rename", read_only)
    assert read_config(tmp_path / "model")["name"] == "number 1"


def test_another_folder_s_leftovers_are_not_touched(tmp_path):
    write(tmp_path / "model", 1)
    for name in (".model-b-abcdefgh.part", ".model-b-abcdefgh.old", ".model.part", ".other-abcdefgh.part"):
        (tmp_path / name).mkdir()
    before = sorted(os.listdir(tmp_path))
    write(tmp_path / "model", 2)
    assert sorted(os.listdir(tmp_path)) == before and number_in(tmp_path / "model") == 2


def test_what_a_living_process_writes_is_not_cleared(tmp_path):
    write(tmp_path / "model", 1)
    with whole_folder.written_whole(tmp_path / "model") as fresh:
        (fresh / "x").write_text("being written")
        write(tmp_path / "model", 2)
        assert (fresh / "x").read_text() == "being written"


@pytest.mark.parametrize(
    "put",
    [
        lambda folder: (folder / "notes.txt").write_text("mine"),
        lambda folder: (folder / "config.json").write_text("{}"),
        lambda folder: (folder / "config.json").unlink(),
        lambda folder: (folder / "sub").mkdir(),
        lambda folder: shutil.rmtree(folder) or folder.write_text("a file"),
    ],
)
def test_a_folder_that_holds_anything_else_is_left_as_it_is(tmp_path, put):
    write(tmp_path / "model", 1)
    put(tmp_path / "model")
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    with pytest.raises(BadInput, match="nothing is written over it"):
        write(tmp_path / "model", 2)
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_an_empty_folder_and_what_a_link_points_to_are_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", 1)
    assert (tmp_path / "link").is_symlink() and number_in(tmp_path / "real") == 1
    assert json.loads((tmp_path / "link" / "config.json").read_text())["name"] == "number 1"
