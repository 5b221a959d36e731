"""What the tests of the networks and of their training share."""

import numpy as np
import pytest


@pytest.fixture
def batch():
    """Three studies as a network takes them: with both views, without the lateral, without the frontal."""
    rng = np.random.default_rng(2)
    pictures = rng.normal(size=(3, 2, 64, 64, 1)).astype("float32")
    mask = np.array([[True, True], [True, False], [False, True]])
    return {"pictures": pictures, "mask": mask, "tokens": np.array([[1, 4, 5], [1, 4, 4], [1, 5, 6]], "int32")}


@pytest.fixture(scope="session")
def collection(tmp_path_factory):
    """A folder of the collection's form with 24 phantom studies; nothing may write into it."""
    from captioner import phantom

    folder = tmp_path_factory.mktemp("collection")
    phantom.write(folder, 24, 5)
    return folder
