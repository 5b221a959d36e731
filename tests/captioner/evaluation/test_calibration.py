"""Calibration and ranking against hand-worked cases and known identities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from captioner.evaluation.calibration import (
    area_under_roc,
    calibration_interval,
    expected_calibration_error,
    reliability,
)

SAID = np.array([0.05, 0.05, 0.05, 0.95, 0.95, 1.0])
SO = np.array([False, False, True, True, False, True])


def test_the_error_by_hand():
    # Bin 0: three said .05, a third was so. Bin 9: mean .9667 said, two of three so.
    expected = (3 * abs(0.05 - 1 / 3) + 3 * abs((0.95 + 0.95 + 1.0) / 3 - 2 / 3)) / 6
    assert expected_calibration_error(SAID, SO) == pytest.approx(expected)
    table = reliability(SAID, SO)
    assert [row["count"] for row in table] == [3, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert table[0]["rate"] == pytest.approx(1 / 3) and table[9]["probability"] == pytest.approx(2.9 / 3)
    assert table[4]["rate"] is None and (table[4]["low"], table[4]["high"]) == (0.4, 0.5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_the_error_is_what_the_reliability_diagram_shows(pairs):
    said, so = (np.array(part) for part in zip(*pairs))
    shown = sum(row["count"] * abs(row["probability"] - row["rate"]) for row in reliability(said, so) if row["count"])
    assert expected_calibration_error(said, so) == pytest.approx(shown / len(said))
    pooled = calibration_interval(said[:, None], so[:, None].astype(float), samples=20)
    assert pooled["value"] == pytest.approx(shown / len(said)) and pooled["low"] <= pooled["high"]


def test_what_says_the_frequency_is_calibrated():
    assert expected_calibration_error(np.full(100, 0.3), np.arange(100) < 30) == pytest.approx(0)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_the_area_turns_with_the_scores(pairs):
    scores, truths = (np.array(part) for part in zip(*pairs))
    area = area_under_roc(scores, truths)
    if truths.all() or not truths.any():
        area, turned = 0.5, 0.5
    else:
        turned = area_under_roc(-scores, truths)
    assert area + turned == pytest.approx(1)
    assert np.isnan(area_under_roc(scores, np.ones(len(scores), bool)))
