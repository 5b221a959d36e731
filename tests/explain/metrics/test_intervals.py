"""Means with intervals, against numbers that can be checked by hand."""

import numpy as np
import pytest

from explain.metrics.intervals import macro_mean, mean


def test_the_mean_is_of_the_words_and_what_is_not_defined_is_left_out():
    found = mean([1, 0, None, True, np.nan], ["a", "a", "a", "b", "c"])
    assert found["value"] == pytest.approx(2 / 3) and (found["words"], found["studies"]) == (3, 2)
    assert 0.5 <= found["low"] <= found["value"] <= found["high"] <= 1


def test_words_of_one_study_are_drawn_together():
    alone = mean([0, 1] * 20, np.arange(40))
    together = mean([0] * 20 + [1] * 20, ["a"] * 20 + ["b"] * 20)
    assert (together["low"], together["high"]) == (0, 1)
    assert alone["high"] - alone["low"] < 0.4


def test_nothing_has_no_mean():
    assert mean([], []) == {"value": None, "low": None, "high": None, "words": 0, "studies": 0}
    assert mean([None], ["a"])["value"] is None


def test_one_study_has_no_interval():
    assert mean([1, 0], ["a", "a"]) == {"value": 0.5, "low": None, "high": None, "words": 2, "studies": 1}


def test_groups_count_alike_whatever_their_size():
    found = macro_mean([1, 1, 1, 0], ["a", "a", "a", "b"], ["1", "2", "3", "4"])
    assert found["value"] == 0.5 and 0 <= found["low"] <= 0.5 <= found["high"] <= 1
    assert (found["words"], found["studies"], found["groups"]) == (4, 4, 2)


def test_one_patient_tells_nothing_of_how_patients_vary():
    found = macro_mean([1, 0], ["a", "b"], ["1", "1"])
    assert found["value"] == 0.5 and found["low"] is None
    assert macro_mean([], [], [])["value"] is None


def test_an_interval_of_the_mean_is_the_normal_one_of_95_percent():
    """Of many independent words of spread 1: 1.96 standard errors to both sides."""
    values = np.random.default_rng(0).normal(size=4000)
    found = mean(list(values), np.arange(4000))
    reach = 1.96 * values.std() / np.sqrt(4000)
    assert found["value"] - found["low"] == pytest.approx(reach, rel=0.08)
    assert found["high"] - found["value"] == pytest.approx(reach, rel=0.08)
