"""Mixed studies, against a case worked out by hand."""

import numpy as np
import pytest

from captioner.training.mixing import mix

QUARTER = 0.25  # drawn for the share: the larger part has 0.75


class Draws:
    """A generator that gives what it is told."""

    def __init__(self, chance, pick):
        self.numbers = iter([chance, pick])

    def uniform(self):
        return next(self.numbers)

    def beta(self, *_):
        return QUARTER


@pytest.fixture
def batch():
    pictures = np.zeros((3, 2, 1, 1, 1), np.float32)
    pictures[:, 0, 0, 0, 0] = [8.0, 4.0, 100.0]
    inputs = {"pictures": pictures, "mask": np.array([[True, False], [True, False], [True, True]])}
    answers = {
        "findings": np.array([[1.0], [-1.0], [0.0]], np.float32),
        "presence": np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], np.float32),
    }
    ones = np.ones(3, np.float32)
    weights = {"places": ones, "presence": ones, "maps": np.ones((3, 2), np.float32)}
    return inputs, answers, weights


def test_a_study_is_mixed_with_one_that_shows_the_same_views(batch):
    inputs, answers, weights = batch
    mix(*batch, 0.5, [Draws(0.4, 0.9), Draws(0.6, 0.0), Draws(0.0, 0.0)])
    # The first is drawn to be mixed, and the second alone has its views; the second is not drawn; the third is alone.
    assert inputs["pictures"][:, 0, 0, 0, 0].tolist() == [7.0, 4.0, 100.0]  # 0.75 x 8 + 0.25 x 4
    assert answers["presence"].tolist() == [[0.75, 0.0], [0.0, 0.0], [1.0, 1.0]]
    assert answers["findings"].tolist() == [[-1.0], [-1.0], [0.0]]  # of the other one it is not known
    assert weights["places"].tolist() == [0.75, 1.0, 1.0]
    assert weights["maps"].tolist() == [[0.75, 0.75], [1.0, 1.0], [1.0, 1.0]]
    assert weights["presence"].tolist() == [1.0, 1.0, 1.0]


def test_two_that_are_mixed_with_each_other_have_what_was_there_before(batch):
    inputs = batch[0]
    mix(*batch, 1.0, [Draws(0.0, 0.0), Draws(0.0, 0.0), Draws(0.0, 0.0)])
    assert inputs["pictures"][:, 0, 0, 0, 0].tolist() == [7.0, 5.0, 100.0]
