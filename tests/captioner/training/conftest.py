"""Trainings of the smallest networks."""

import pytest


@pytest.fixture(scope="module")
def without_graphs():
    """A training of three batches traces its graphs for longer than it trains.

    With a graph trains a network in test_self_critical.py, and whole trainings do in long runs of test_distribution.py
    and test_told_training.py.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
