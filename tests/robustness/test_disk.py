"""A disk that is full, a folder that may not be written: one clear sentence, and nothing half-written beside."""

import json
import resource
from contextlib import contextmanager

import pytest

from captioner.__main__ import main
from captioner.checkpoint import store as checkpoint
from captioner.checkpoint import validate


@contextmanager
def full_after(size):
    """Let this process write files of `size` bytes and no more: to it the disk is full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_predictions_on_a_full_disk_say_so_and_go_on_later(read_once, tmp_path, tiny_checkpoint, chest, capsys):
    table, out = tmp_path / "studies.csv", tmp_path / "out.jsonl"
    table.write_text("study,frontal,lateral\n" + "".join(f"s{number},{chest.name},\n" for number in range(20)))
    arguments = ["predict", "--studies", str(table), "--out", str(out), "--checkpoint", str(tiny_checkpoint)]
    with full_after(10_000):
        assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.strip().splitlines()[-1].startswith("out.jsonl cannot be written") and "Traceback" not in said
    assert 0 < out.stat().st_size <= 10_000
    assert main(arguments) == 0
    assert [json.loads(line)["study"] for line in out.read_text().splitlines()] == [
        f"s{number}" for number in range(20)
    ]


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path, tiny_checkpoint, monkeypatch):
    model = checkpoint.load(tiny_checkpoint)
    folder = tmp_path / "kept"
    checkpoint.save(folder, model.network, model.vocabulary, model.config)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*what, **how):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_file", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(folder, model.network, model.vocabulary, model.config)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_loading_writes_nothing_into_the_folder_of_weights(tiny_checkpoint):
    """A read-only folder is as good as any."""

    def state():
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in tiny_checkpoint.iterdir()}

    before, folder = state(), tiny_checkpoint.stat().st_mtime_ns
    checkpoint.load(tiny_checkpoint)
    assert state() == before and tiny_checkpoint.stat().st_mtime_ns == folder


def test_weights_that_may_not_be_read_are_one_sentence(tiny_checkpoint, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(validate, "checksum", denied)
    with pytest.raises(checkpoint.BadInput, match="cannot be read: Permission denied"):
        checkpoint.load(tiny_checkpoint)
