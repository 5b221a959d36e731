"""What several tests need: the collection, when this machine has it."""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import settings

# A busy machine is no reason to fail: no example has a time limit.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Gradio names an upload by its content and deletes what was sent to a server when that server ends: two test processes
# that upload the same example would take it from each other.
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="chest-xray-tests-")
atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)
# httpx reads a file of certificates for every client that it makes, up to a fifteenth of a second each time; whom the
# tests speak to is this machine, and there is no TLS on the loopback.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = tempfile.mkdtemp(prefix="no-certificates-")
atexit.register(shutil.rmtree, os.environ["SSL_CERT_DIR"], ignore_errors=True)
SHARED = Path(os.environ.get("CXR_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "iu-xray"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Two processes share the suite, file by file; named files, and long runs, have the machine to themselves.

    TensorFlow takes one to two gigabytes in each of them, and half a minute to be warm: for a file it does not pay.
    """
    files = [argument for argument in config.args if ".py" in argument]
    return 0 if files or config.option.markexpr != "not long" else min(2, os.cpu_count() or 1)


def pytest_terminal_summary(terminalreporter):
    """The share of lines that the test processes ran, where slipcover counted them (.ci/run)."""
    folder = os.environ.get("SLIPCOVER_COVERAGE_DIR", "")
    counted = Path(folder, "merged.json")
    if folder and counted.is_file():
        told = json.loads(counted.read_text(encoding="utf-8"))["summary"]
        run, lines = told["covered_lines"], told["covered_lines"] + told["missing_lines"]
        terminalreporter.write_line(f"coverage: {run / lines:.1%} of {lines} lines, without processes that tests start")


@pytest.fixture(scope="session", autouse=True)
def slow_answers_give_no_memory_back():
    """Among all that a test process holds that takes a second after every slow answer of a page. It is tested by
    itself in tests/panels/server, and where pages are processes of their own in long runs of tests/robustness."""
    from panels.server import jobs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "memory", SimpleNamespace(give_back=lambda: None))
        yield


@pytest.fixture(scope="session", autouse=True)
def graphs_of_several_models_are_kept():
    """A page keeps those of one, for its memory's sake, and tidies up before others are built; the small networks of
    the tests take turns."""
    from explain.methods import graphs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "KEPT", 8)
        patch.setattr(graphs, "gc", SimpleNamespace(collect=lambda: None))
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """`(name, make) -> folder`: what `make(folder)` puts into a folder, made once for all test processes, which share
    it; nothing may write into it."""
    import fcntl

    own = tmp_path_factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name, make):
        folder = root / "made-once" / name
        folder.parent.mkdir(exist_ok=True)
        with open(folder.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second waits, and finds it whole
            if not folder.is_dir():
                part = folder.with_suffix(".part")
                shutil.rmtree(part, ignore_errors=True)  # what a test that failed left
                part.mkdir()
                make(part)
                part.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def loaded():
    """Folder -> its Captioner, one for all tests, which leave its weights as they were: its graphs are traced for
    longer than they run. A test that changes a folder takes a copy elsewhere."""
    from functools import lru_cache

    from captioner.checkpoint import store

    kept = lru_cache(12)(store.load)
    return lambda folder=None: kept(str(store.DEFAULT if folder is None else folder))


@pytest.fixture
def read_once(loaded, monkeypatch):
    """Whoever loads a checkpoint has the Captioner of `loaded`."""
    monkeypatch.setattr("captioner.checkpoint.store.load", loaded)


@pytest.fixture(scope="session")
def collection_folder():
    """The folder of the real collection; tests that ask for it are skipped where it is not."""
    if not (SHARED / "indiana_reports.csv").is_file():
        pytest.skip(f"the collection is not on this machine (looked in {SHARED.name}; set CXR_DATA)")
    return SHARED


@pytest.fixture
def chest(tmp_path):
    """The path of a drawn frontal, a PNG that is not square."""
    import cv2

    from tests.stand_in import draw_chest

    path = tmp_path / "chest.png"
    cv2.imwrite(str(path), draw_chest(400, 320))
    return path


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory):
    """The folder of a real checkpoint of the smallest network, with random weights; a test that breaks it copies it."""
    import keras

    from captioner.checkpoint import store as checkpoint
    from captioner.models.attention import AttentionCaptioner
    from captioner.models.densenet import ENCODERS
    from captioner.vocabulary import Vocabulary

    keras.utils.set_random_seed(5)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."])
    network = AttentionCaptioner(ENCODERS["densenet-tiny"], len(vocabulary), 3, (2, 2), depth=8, units=8, embedding=4)
    config = {
        "name": "tiny",
        "model": "attention",
        "preparation": {"name": "area", "size": 64, "channels": 1},
        "decoding": {"max_words": 10, "length_penalty": 0.7},
    }
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    checkpoint.save(folder, network, vocabulary, config, card="# Tiny\n")
    return folder


@pytest.fixture(scope="session")
def told_checkpoint(tmp_path_factory):
    """The folder of a checkpoint with a finding head and a told decoder, of the smallest network, random weights."""
    import keras
    import numpy as np

    from captioner.checkpoint import store as checkpoint
    from captioner.models.attention import AttentionCaptioner
    from captioner.models.densenet import ENCODERS
    from captioner.reports.findings import FINDINGS
    from captioner.vocabulary import Vocabulary

    keras.utils.set_random_seed(5)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "effusion", "left", "right", "hernia", "."])
    network = AttentionCaptioner(
        ENCODERS["densenet-tiny"], len(vocabulary), 2, (2, 2), depth=8, units=8, embedding=4, head=4,
        rules={"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0},
    )  # fmt: skip
    rng = np.random.default_rng(5)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(scale=0.7, size=variable.shape))
    config = {
        "name": "told",
        "model": "attention",
        "preparation": {"name": "area", "size": 64, "mean": 0.5, "std": 0.25},
        "decoding": {"max_words": 8, "length_penalty": 0.7},
        "findings": {"calibration": [[2.0, -0.5]] * len(FINDINGS), "base_rates": [0.125] * len(FINDINGS)},
    }
    folder = tmp_path_factory.mktemp("weights") / "told"
    checkpoint.save(folder, network, vocabulary, config, card="# Told\n", halve=False)
    return folder
