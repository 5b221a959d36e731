"""What all captioners of two views share: positions of the cells, and findings that a missing view cannot touch."""

import keras
import numpy as np
import pytest

from captioner.models.attention import AttentionCaptioner
from captioner.models.densenet import ENCODERS


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(3)
    return AttentionCaptioner(ENCODERS["densenet-tiny"], 7, 5, (2, 3), depth=6, units=7, embedding=4)


def test_positions_are_view_row_and_column_of_each_cell(network):
    rows = [[view, row, column] for view in (-1, 1) for row in (-1, 1) for column in (-1, 0, 1)]
    np.testing.assert_allclose(np.asarray(network._positions())[0], rows, atol=1e-6)


@pytest.mark.parametrize("missing", [0, 1])
def test_findings_come_from_the_views_that_there_are(network, missing):
    """Attention is not trained here, so it is even: the logit is the mean evidence of the cells of one view."""
    rng = np.random.default_rng(1)
    for layer in network.target_evidence:
        layer.bias.assign(
            rng.normal(size=5).astype("float32")
        )  # else a masked cell would speak neither for nor against
    image_features = rng.normal(size=(1, 12, 6)).astype("float32")
    mask = np.array([[missing != 0, missing != 1]])
    cells = slice(6, 12) if missing == 0 else slice(0, 6)
    evidence = network.target_evidence[1 - missing]
    expected = image_features[0, cells] @ np.asarray(evidence.kernel) + np.asarray(evidence.bias)  # (6, 5)
    np.testing.assert_allclose(network.find(image_features, mask)[0], expected.mean(axis=0), rtol=1e-4, atol=1e-5)
