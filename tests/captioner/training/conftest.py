"""Trainings of the smallest networks."""

import pytest


@pytest.fixture(scope="module")
def without_graphs():
    """A training of three batches traces its graphs for longer than it trains.

    With graphs train the processes of test_distribution.py, and a long run in test_told_training.py.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
