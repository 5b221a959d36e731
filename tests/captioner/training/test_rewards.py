"""The rewards, by hand."""

import numpy as np
import pytest

from captioner.evaluation.cider import cider_d_each, rarity
from captioner.training.rewards import Rewards

NORMAL = "no acute disease ."
REFERENCES = [NORMAL] * 6 + ["cardiomegaly ."] * 3 + ["left pleural effusion ."]


def test_findings_are_worth_more_the_rarer_they_are():
    rewards = Rewards(REFERENCES, findings=2.0, normality=0.0, max_weight=10.0)
    # Three of cardiomegaly and one of effusion: two on average, so 2 * 2/3 and 2 * 2/1.
    assert rewards.finding_weights[0] == pytest.approx(4 / 3)
    assert rewards.finding_weights[1] == pytest.approx(4.0)
    assert rewards.finding_weights[2] == 0.0, "what no reference has cannot be learned"


def test_a_hit_a_miss_and_a_false_alarm():
    rewards = Rewards(REFERENCES, findings=2.0, normality=0.0, false_alarm=0.25, max_weight=10.0)
    references = ["cardiomegaly .", "cardiomegaly .", NORMAL]
    predictions = ["cardiomegaly .", NORMAL, "left pleural effusion ."]
    wording = cider_d_each(references, predictions, rarity(REFERENCES))
    np.testing.assert_allclose(rewards.each(references, predictions) - wording, [4 / 3, 0.0, -1.0])


def test_normal_and_abnormal_studies_weigh_the_same():
    rewards = Rewards(REFERENCES, findings=0.0, normality=1.0)
    references = ["cardiomegaly .", NORMAL, NORMAL]
    predictions = ["left pleural effusion .", NORMAL, "cardiomegaly ."]
    wording = cider_d_each(references, predictions, rarity(REFERENCES))
    np.testing.assert_allclose(rewards.each(references, predictions) - wording, [0.5 / 0.4, 0.5 / 0.6, 0.0])
