"""Checkpoint folders, tokenizer pickles and reports, damaged in every way: an answer, or one clear sentence.

`CXR_FUZZ=2000 python -m pytest tests/robustness/test_fuzz.py tests/captioner/images/test_damaged_files.py` damages
2,000 files of the kinds here and 2,000 pictures (PNG, JPEG, DICOM and others); the ordinary suite a few dozen.
"""

import json
import os
import shutil
import time
import zlib

import numpy as np
import pytest

from benchmarks.seed_files import WORDS, tokenizer_pickle
from captioner.checkpoint import store as checkpoint
from captioner.checkpoint.validate import checksum
from captioner.errors import BadInput
from captioner.reports.collection import read_collection
from captioner.reports.csv_table import table_rows
from captioner.seed_import.tokenizer_pickle import read_tokenizer
from tests.captioner.images.test_damaged_files import damaged
from tests.captioner.reports.test_collection import XML, picture
from tests.robustness.test_load import memory

COUNT = int(os.environ.get("CXR_FUZZ", 60))
LONGEST = 60.0  # seconds for one file on a busy machine; most take milliseconds
GROWTH = 200 << 20  # bytes over all files of a kind; a network built anew each time leaves graphs of its own
NONSENSE = (
    None,
    True,
    -1,
    0,
    1e308,
    10**9,
    "",
    "x" * 1000,
    "<b>",
    [],
    {},
    [[]],
    float("nan"),
    0.5,
    ["a", "a"],
    "../../etc",
)


def told(read):
    """Whether `read` gave an answer; False for one sentence. Everything else fails, and so does long work."""
    begin = time.process_time()
    try:
        read()
        answered = True
    except BadInput as error:
        sentence = str(error)
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 600 and "Traceback" not in sentence
        answered = False
    assert time.process_time() - begin < LONGEST
    return answered


def changed(value, numbers):
    """A JSON value with one part somewhere in it replaced, removed or doubled."""
    if isinstance(value, dict) and value and numbers.random() < 0.85:
        key = list(value)[numbers.integers(len(value))]
        if numbers.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: changed(value[key], numbers)}
    if isinstance(value, list) and value and numbers.random() < 0.7:
        place = int(numbers.integers(len(value)))
        if numbers.random() < 0.2:
            return value[:place] + value[place + 1 :] + value[:place]
        return [*value[:place], changed(value[place], numbers), *value[place + 1 :]]
    if type(value) in (int, float) and numbers.random() < 0.5:
        return value * [-1, 0, 2, 10, 1000, 0.37][numbers.integers(6)]
    return NONSENSE[numbers.integers(len(NONSENSE))]


@pytest.fixture
def copy(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "tiny")


def rewritten(folder, name, data):
    """Put other bytes into a file of a checkpoint, with a checksum that fits: what is behind that door is tried too."""
    (folder / name).write_bytes(data)
    config = json.loads((folder / "config.json").read_text())
    config["files"][name] = checksum(folder / name)
    (folder / "config.json").write_text(json.dumps(config))


def loaded_and_used(folder):
    """Load a checkpoint and caption with it, so that a setting which only fails later is found."""
    from captioner.images.study import Study, View

    numbers = np.random.default_rng(0)
    model = checkpoint.load(folder)
    model.caption(Study(View("frontal", numbers.integers(0, 256, (70, 60), np.uint8)), None), max_words=2)


@pytest.mark.parametrize("kind", ["config.json", "bytes of config.json", "vocabulary.json", "model.safetensors"])
def test_damaged_checkpoints(copy, kind):
    numbers = np.random.default_rng(zlib.crc32(kind.encode()))
    sound = {path.name: path.read_bytes() for path in copy.iterdir()}
    answered, begin = 0, None
    for number in range(max(4, COUNT // 12)):
        for name, data in sound.items():
            (copy / name).write_bytes(data)
        if kind == "config.json":
            (copy / kind).write_text(json.dumps(changed(json.loads(sound[kind]), numbers)))
        elif kind == "bytes of config.json":
            (copy / "config.json").write_bytes(damaged(sound["config.json"], numbers))
        elif kind == "vocabulary.json" and number % 2:
            rewritten(copy, kind, json.dumps(changed(json.loads(sound[kind]), numbers)).encode())
        else:
            rewritten(copy, kind, damaged(sound[kind], numbers))
        try:
            answered += told(lambda: loaded_and_used(copy))
        except Exception as error:
            pytest.fail(f"{kind}, file {number}: {error!r}\n{(copy / 'config.json').read_text()[:1500]}")
        begin = begin or memory()
    assert memory() - begin < GROWTH * max(1, COUNT // 500)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_half_copied_checkpoints_are_noticed(copy, share):
    for name in ("config.json", "vocabulary.json", "model.safetensors"):
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes(whole[: min(int(share * len(whole)), len(whole.rstrip()) - 1)])
        assert not told(lambda: checkpoint.read_config(copy))
        assert not told(lambda: checkpoint.load(copy))
        (copy / name).write_bytes(whole)
    shutil.move(copy / "model.safetensors", copy / "away.safetensors")
    with pytest.raises(BadInput, match="model.safetensors is missing"):
        checkpoint.load(copy)


def test_a_network_too_large_for_its_weights_is_refused_before_it_is_built(copy):
    config = json.loads((copy / "config.json").read_text())
    for key, value in (("units", 10**9), ("depth", 50_000), ("vocabulary_size", 10**12)):
        (copy / "config.json").write_text(json.dumps({**config, "network": {**config["network"], key: value}}))
        with pytest.raises(BadInput, match="larger than its weights"):
            checkpoint.load(copy)


def test_weights_that_would_fill_the_memory_are_refused_packed(copy, monkeypatch):
    monkeypatch.setattr("captioner.checkpoint.weights.MAX_BYTES", 1000)
    with pytest.raises(BadInput, match="it has 0 MB"):
        checkpoint.read_weights(copy / "model.safetensors")
    np.savez_compressed(copy / "weights.npz", kernel=np.zeros((200, 200)))
    with pytest.raises(BadInput, match="unpacked"):
        checkpoint.read_weights(copy / "weights.npz")


def test_damaged_tokenizers(tmp_path):
    numbers = np.random.default_rng(4)
    sound = tokenizer_pickle({word: number for number, word in enumerate((*WORDS, "no", "effusion"), 1)})
    path = tmp_path / "tokenizer.pkl"
    path.write_bytes(sound)
    assert told(lambda: read_tokenizer(path))
    begin = memory()
    for _ in range(COUNT):
        path.write_bytes(damaged(sound, numbers))
        told(lambda: read_tokenizer(path))
    assert memory() - begin < GROWTH


REPORTS = (
    "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"
    '7,Opacity/lung/base/left,Opacity,x,,,"Lungs, clear.",1. Left base opacity.\n9,normal,normal,x,,,,Normal chest.\n'
)
PROJECTIONS = "uid,filename,projection\n7,7_IM-1-1001.dcm.png,Frontal\n9,9_IM-2-1001.dcm.png,Frontal\n"


def test_damaged_reports_in_csv(tmp_path):
    numbers = np.random.default_rng(5)
    for name in ("7_IM-1-1001.png", "9_IM-2-1001.png"):
        picture(tmp_path / name)
    sound = {"indiana_reports.csv": REPORTS.encode(), "indiana_projections.csv": PROJECTIONS.encode()}
    for name, data in sound.items():
        (tmp_path / name).write_bytes(data)
    assert told(lambda: read_collection(tmp_path))
    for number in range(COUNT):
        name = list(sound)[number % 2]
        (tmp_path / name).write_bytes(damaged(sound[name], numbers))
        told(lambda: read_collection(tmp_path))
        told(lambda path=tmp_path / name: list(table_rows(path, ("uid",))))
        (tmp_path / name).write_bytes(sound[name])


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{10 * f"&{before};"}">' for before, name in zip("abcdefghi", "bcdefghij"))
    + "]><eCitation>&j;</eCitation>"
)  # a thousand million letters


def test_damaged_reports_in_xml(tmp_path):
    numbers = np.random.default_rng(6)
    picture(tmp_path / "png" / "CXR1_1_IM-0001-3001.png")
    path = tmp_path / "ecgen-radiology" / "1.xml"
    path.parent.mkdir()
    sound = XML.format(uid=1, impression="1. Small nodule.").encode()
    begin = memory()
    for data in (sound, BOMB.encode(), b"<a>" * 100_000, *(damaged(sound, numbers) for _ in range(COUNT))):
        path.write_bytes(data)
        told(lambda: read_collection(tmp_path))
    assert memory() - begin < GROWTH
