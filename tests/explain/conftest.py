"""Small captioners for the tests of explanations."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def linear():
    from tests.explain.linear_model import linear_model

    return linear_model()


@pytest.fixture(scope="session")
def tiny():
    """A random network of the real kind: 64 pixels, a grid of 2 x 2."""
    import keras

    from captioner.captioner import Captioner
    from captioner.models.attention import AttentionCaptioner
    from captioner.models.densenet import ENCODERS
    from captioner.vocabulary import Vocabulary

    keras.utils.set_random_seed(3)
    vocabulary = Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "no", "acute", "effusion", "."])
    network = AttentionCaptioner(ENCODERS["densenet-tiny"], len(vocabulary), 3, (2, 2), depth=8, units=8, embedding=4)
    config = {
        "name": "tiny",
        "model": "attention",
        "preparation": {"name": "area", "size": 64, "channels": 1},
        "decoding": {"max_words": 6},
        "coverage": [1.0, 0.75],
    }
    return Captioner(network, vocabulary, config)


@pytest.fixture(scope="session")
def study():
    from captioner import Study, View

    rng = np.random.default_rng(1)
    return Study(*(View(name, rng.integers(0, 255, (90, 70), np.uint8)) for name in ("frontal", "lateral")))
