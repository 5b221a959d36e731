"""The scores of a finding head on a handful of studies, counted by hand."""

import numpy as np
import pytest

from captioner.caption import Finding
from captioner.evaluation import tables
from captioner.evaluation.figures import reliability_figure
from captioner.evaluation.head_scores import head_scores
from captioner.reports.findings import FINDINGS

REFERENCES = ["left effusion ."] * 5 + ["no acute disease ."] * 5
TEXTS = ["left effusion ."] * 3 + ["no acute disease ."] * 6 + ["left effusion ."]
EFFUSION = [0.9, 0.8, 0.7, 0.6, 0.05, 0.65, 0.04, 0.03, 0.02, 0.01]


def record(name, probability):
    return Finding(
        name=name,
        probability=probability,
        threshold=0.4,
        stated=probability >= 0.4,
        side_probabilities=None,
        side=None,
        zone=None,
        map=np.zeros((2, 1, 1), np.float32),
        evidence=np.zeros(2, np.float32),
        base_rate=0.1,
    )


@pytest.fixture(scope="module")
def found():
    records = [
        [record(name, probability if name == "effusion" else 0.01) for name in FINDINGS] for probability in EFFUSION
    ]
    return head_scores(records, REFERENCES, TEXTS, samples=50)


def test_the_scores_of_a_finding(found):
    effusion = found["findings"]["effusion"]
    assert (effusion["positives"], effusion["seen"], effusion["threshold"]) == (5, 5, 0.4)
    assert effusion["f1"]["value"] == pytest.approx(2 * 4 / (5 + 5))
    # Of 25 pairs, .6 and .05 lie below .65, and nothing else is ranked wrongly.
    assert effusion["auc"] == pytest.approx(23 / 25)
    assert found["findings"]["hernia"]["auc"] is None and found["findings"]["hernia"]["f1"]["value"] is None


def test_means_are_over_findings_with_positives_enough(found):
    assert found["auc"] == {
        "all": pytest.approx(23 / 25),
        "chexpert": pytest.approx(23 / 25),
        "five": pytest.approx(23 / 25),
    }


def test_states_are_counted_over_all_findings(found):
    states = {name: (row["count"], row["right"]) for name, row in found["agreement"]["states"].items()}
    assert states == {
        "seen and written": (3, 3),
        "seen, not written": (2, 1),
        "written, not seen": (1, 0),
        "unsure": (0, 0),
        "neither seen nor written": (124, 123),
    }
    assert sum(count for count, _ in states.values()) == len(REFERENCES) * len(FINDINGS)


def test_head_and_words_together_are_held_against_either_alone(found):
    agreement = found["agreement"]
    assert (agreement["agree"]["right"], agreement["agree"]["count"]) == (3, 3)
    assert (agreement["disagree"]["right"], agreement["disagree"]["count"]) == (1, 3)
    assert agreement["difference"]["value"] == pytest.approx(2 / 3)
    assert agreement["difference"]["low"] <= agreement["difference"]["value"] <= agreement["difference"]["high"]


def test_shares_of_a_handful_are_not_told(found):
    """Three of three are no reason to say 1.000 (1.000 to 1.000)."""
    records = [[record(name, 0.9 if name == "effusion" else 0.01) for name in FINDINGS] for _ in range(24)]
    texts = ["left effusion ."] * 12 + ["no acute disease ."] * 12
    many = head_scores(records, ["effusion ."] * 24, texts, samples=20)
    few, enough = ("\n".join(tables.head_table(one)) for one in (found, many))
    assert "| seen and written | 3 | 3 | - |" in few and "states 3: too few to compare." in few
    assert "| seen and written | 12 | 12 | 1.000 (1.000 to 1.000) |" in enough and "difference 0.000" in enough


def test_calibration_is_pooled_over_findings(found):
    low = [*EFFUSION[4:5], *EFFUSION[6:], *[0.01] * 120]
    expected = abs(sum(low) - 1)  # the lowest bin: one of them is so
    expected += abs(0.6 + 0.65 - 1) + abs(0.7 - 1) + abs(0.8 - 1) + abs(0.9 - 1)
    assert found["ece"]["value"] == pytest.approx(expected / 130)


def test_the_reliability_diagram_shows_every_bin_that_holds_something(found):
    figure = reliability_figure(found)
    curve = figure.axes[0].lines[1].get_xydata()
    filled = [row for row in found["reliability"] if row["count"]]
    np.testing.assert_allclose(curve, [[row["probability"], row["rate"]] for row in filled])
    assert [bar.get_height() for bar in figure.axes[1].patches] == [row["count"] for row in filled]
    assert sum(row["count"] for row in filled) == len(REFERENCES) * len(FINDINGS)
