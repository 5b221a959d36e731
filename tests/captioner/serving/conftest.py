"""Checkpoints with and without a finding head, their exports, and a few studies."""

from functools import lru_cache

import cv2
import numpy as np
import pytest

from captioner.__main__ import main
from captioner.checkpoint import how_often_right, store
from captioner.checkpoint.how_often_right import Case
from captioner.models import network_class
from captioner.models.densenet import ENCODERS
from captioner.reports.findings import FINDINGS
from captioner.vocabulary import Vocabulary

WORDS = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "left", "effusion", "cardiomegaly", "."])


@lru_cache(4)
def exported(load, folder):
    """What `load` makes of an export, once."""
    return load(folder)


@pytest.fixture(scope="module", autouse=True)
def loaded_once(loaded):
    """Checkpoints and exports stay loaded from one test to the next: their graphs take longer than their answers.

    A test that changes a folder takes a copy elsewhere.
    """
    import tensorflow as tf

    import captioner.serving.saved_model  # noqa: F401 - which keeps the function that it imports

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "load", loaded)
        patch.setattr(tf.saved_model, "load", lambda folder, load=tf.saved_model.load: exported(load, str(folder)))
        yield


def write_checkpoints(root):
    """Write a checkpoint with a finding head, with its export, and one without, into a folder."""
    rng = np.random.default_rng(5)
    for name, more in (
        ("told", {"head": 4, "rules": {"thresholds": [0.0] * len(FINDINGS), "side": 0.0, "zone": 0.0}}),
        ("simple", {}),
    ):
        network = network_class("attention" if name == "told" else "simple")(
            ENCODERS["densenet-tiny"], len(WORDS), 2, (2, 2), depth=8, units=8, embedding=4, **more
        )
        for variable in network.trainable_variables:
            variable.assign(rng.normal(scale=0.7, size=variable.shape))
        config = {
            "name": name,
            "model": "attention" if name == "told" else "simple",
            "preparation": {"name": "area", "size": 64, "mean": 0.5, "std": 0.25},
            "decoding": {"max_words": 6, "length_penalty": 0.7},
            "findings": {"calibration": [[2.0, -0.5]] * len(FINDINGS), "base_rates": [0.125] * len(FINDINGS)},
        }
        store.save(root / name, network, WORDS, config, halve=False)
        cases = [Case(share, head, True) for share in (0.1, 0.4, 0.6, 0.9) for head in how_often_right.HEADS] * 10
        how_often_right.save(root / name, cases, "val")
    assert main(["export", "--checkpoint", str(root / "told"), "--out", str(root / "told-export" / "1")]) == 0


@pytest.fixture(scope="session")
def folders(made_once):
    """A checkpoint with a finding head whose decoder is told what it finds, with its export, and one without."""
    return made_once("served", write_checkpoints)


@pytest.fixture(scope="session")
def exported_alone(made_once, folders):
    """The export of the checkpoint without a finding head."""

    def export(root):
        assert main(["export", "--checkpoint", str(folders / "simple"), "--out", str(root / "1")]) == 0

    return made_once("simple-export", export) / "1"


@pytest.fixture(scope="session")
def studies(tmp_path_factory):
    root, found = tmp_path_factory.mktemp("pictures"), []
    rng = np.random.default_rng(3)
    for number in range(3):
        paths = [root / f"{number}-{view}.png" for view in ("frontal", "lateral")]
        for path in paths:
            cv2.imwrite(str(path), rng.integers(0, 255, (90 + 10 * number, 70), np.uint8))
        found.append((paths[0], paths[1] if number != 1 else None))
    return found
