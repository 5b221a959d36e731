"""Trainings of the smallest networks."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def without_graphs():
    """A training of three batches traces its graphs for longer than it trains.

    With graphs train the processes of test_distribution.py and of tests/captioner/test_command_line.py.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
