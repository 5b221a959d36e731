"""What several tests need: the collection, when this machine has it."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARED = Path(os.environ.get("CXR_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "iu-xray"))


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

    from captioner import checkpoint
    from captioner.models.attention import AttentionCaptioner
    from captioner.models.encoder import ENCODERS
    from captioner.vocabulary import Vocabulary

    keras.utils.set_random_seed(5)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."])
    network = AttentionCaptioner(ENCODERS["densenet-tiny"], len(vocabulary), 3, (2, 2), depth=8, units=8, embedding=4)
    config = {"name": "tiny", "model": "attention", "preparation": {"name": "area", "size": 64, "channels": 1},
              "decoding": {"max_words": 10, "length_penalty": 0.7}}
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    checkpoint.save(folder, network, vocabulary, config, card="# Tiny\n")
    return folder
