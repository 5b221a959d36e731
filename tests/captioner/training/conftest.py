"""Trainings of the smallest networks."""

import pytest


@pytest.fixture(scope="module")
def without_graphs():
    """A training of three batches traces its graphs for longer than it trains.

    With graphs train test_told_training.py, through all kinds of phases, and the processes of test_distribution.py.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
